"""Property 2: no sequence of calls brings the world into a state that the policy forbids, whatever is agreed to.

A day of the rules that the calls made belongs to it. The sandbox's state decides.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.engine.writes.policy import Policy
from tests.support.elicitors import Person
from tests.support.policy_judge import violations
from tests.support.rule_day import run_day
from tests.support.sandbox_bench import Bench
from tests.support.sandbox_engine import SandboxEngine
from tests.support.write_examples import WRITES, valid

MAX_VALUE = 60_000
_AMOUNTS = (100, 4_000, MAX_VALUE - 1, MAX_VALUE, MAX_VALUE + 1, 999_999, "600.01 USD", "50.00 USD", 0)
_DENY = ("create_campaign", "create_ad_set", "create_ad", "edit_targeting", "edit_creative", "edit_status")
_DENY += ("edit_budget", "delete")
_STATES = ("ACTIVE", "PAUSED", "ARCHIVED")
_SPECS = ("PAUSE", "UNPAUSE", "CHANGE_BUDGET", "CHANGE_CAMPAIGN_BUDGET", "CHANGE_BID", "REBALANCE_BUDGET", "ROTATE")
_TARGETS = ("campaign", "ad_set", "ad")
# These can pass a policy in more ways than the others.
_OFTEN = frozenset(
    """
    ads_create_ad_rule ads_update_ad_rule ads_update_ad_set ads_update_campaign ads_undo_change ads_duplicate_entity
    ads_clone_ad_set_bundle ads_create_budget_schedule ads_update_spend_cap ads_bulk_update ads_shift_budget
    """.split()
)
_CALLS = [*WRITES, *(tool for tool in WRITES if tool.name in _OFTEN for _ in range(4))]
_SINGLE_AMOUNTS = frozenset(
    """
    daily_budget lifetime_budget spend_cap daily_spend_cap lifetime_spend_cap daily_min_spend_target
    lifetime_min_spend_target budget_value
    """.split()
)


class ForbiddenState(AssertionError):
    """The world is as the policy forbids it."""


@cache
def bench() -> Bench:
    return Bench(Path(tempfile.mkdtemp(prefix="uploads-")))


async def check(data: st.DataObject, tools: Sequence[Tool] = _CALLS) -> None:
    """Make up to four calls, each agreed to, let a day pass, and raise ForbiddenState if the policy was passed."""
    policy = data.draw(_policies())
    engine = bench().again(policy=policy)
    _vary(engine, data)
    first = engine.store.snapshot()
    calls = []
    for _ in range(data.draw(st.integers(1, 4))):
        tool = data.draw(st.sampled_from(tools))
        given = await draw_arguments(engine, tool, data)
        before = engine.store.snapshot()
        answer = await engine.call(tool.name, given, Person(True))
        calls.append((tool.name, given, answer.text[:80]))
        _require_none(policy, engine, before, calls)
    started = engine.store.snapshot()
    run_day(engine.store, first)
    without_rises = Policy(policy.deny, None, {}, policy.max_value)
    _require_none(without_rises, engine, started, calls)


def _require_none(policy: Policy, engine: SandboxEngine, before: Any, calls: Sequence[Any]) -> None:
    found = violations(policy, engine.store, before)
    if found:
        raise ForbiddenState(f"{policy}: {calls}: {found[:3]}")


def _policies() -> st.SearchStrategy[Policy]:
    return st.builds(
        Policy,
        deny=st.frozensets(st.sampled_from(_DENY), max_size=2),
        max_percentage=st.sampled_from((None, None, 10.0)),
        max_amount=st.sampled_from(({}, {}, {"USD": 1_000})),
        max_value=st.sampled_from(({"USD": MAX_VALUE}, {"USD": MAX_VALUE}, {})),
    )


def _vary(engine: SandboxEngine, data: st.DataObject) -> None:
    """Let objects start with other states, caps in every form of Graph, and budgets above the limit."""
    ids = engine.ids
    for name in ("campaign", "ad_set", "ad"):
        engine.store.patch(ids[name], {"status": data.draw(st.sampled_from(("ACTIVE", "PAUSED")))})
    caps = st.sampled_from((None, "5000", 5000.0, "5000.00", "90000"))
    engine.store.patch(ids["ad_set"], {"daily_spend_cap": data.draw(caps), "lifetime_spend_cap": data.draw(caps)})
    engine.store.patch(ids["campaign"], {"daily_budget": data.draw(st.sampled_from(("3000", "50000", "90000")))})


async def draw_arguments(engine: SandboxEngine, tool: Tool, data: st.DataObject) -> dict[str, Any]:
    """Return a call that works, with what the policy is about exchanged or added."""
    entries = engine.engine.journal.entries()
    if tool.name == "ads_undo_change":
        units = sorted({entry.unit for entry in entries if entry.unit})
        if units and data.draw(st.booleans()):
            return {"unit_id": data.draw(st.sampled_from(units)), "force": True}
        change_id = data.draw(st.sampled_from([entry.change_id for entry in entries] or ["c20261125T100000-0123abcd"]))
        return {"change_id": change_id, "force": True, "created": data.draw(st.sampled_from(("pause", "delete")))}
    log = list(engine.sandbox.log)
    given = await valid(engine, tool, bench().files)
    engine.sandbox.log[:] = log
    return _risky(engine, tool, given, data)


def _risky(engine: SandboxEngine, tool: Tool, example: Mapping[str, Any], data: st.DataObject) -> dict[str, Any]:
    choices = _choices(engine)
    names = sorted(choices.keys() & tool.params.model_fields.keys())
    given = dict(example)
    if "idempotency_key" in given:
        given["idempotency_key"] = f"key {data.draw(st.integers(0, 10**9))}"
    for name in data.draw(st.lists(st.sampled_from(names), max_size=3, unique=True)) if names else ():
        given[name] = data.draw(choices[name])
    if tool.name == "ads_create_ad_rule" or "execution_spec" in given:
        given |= {"execution_spec": data.draw(_executions()), "status": data.draw(st.sampled_from(("ENABLED", None)))}
        given = {name: value for name, value in given.items() if value is not None}
    return given


def _choices(engine: SandboxEngine) -> dict[str, st.SearchStrategy[Any]]:
    """Argument → values that start, spend, copy or delete."""
    ids = engine.ids
    amount = st.sampled_from(_AMOUNTS)
    ad_sets = [node.id for node in engine.store.children(ids["campaign"], "adsets")]
    schedule = {"time_start": "2027-01-04T00:00:00", "time_end": "2027-01-06T00:00:00"}
    kinds = ("ABSOLUTE", "MULTIPLIER")
    return {
        **dict.fromkeys(_SINGLE_AMOUNTS, amount),
        "status": st.sampled_from(_STATES),
        "targeting": st.just({"geo_locations": {"countries": ["DE"]}}),
        "creative_id": st.just(ids["other_creative"]),
        "entity_type": st.sampled_from(_TARGETS),
        "entity_id": st.sampled_from([ids[name] for name in (*_TARGETS, "unbudgeted")]),
        "action": st.sampled_from(("reset", "delete")),
        "spend_cap_action": st.sampled_from(("reset", "delete")),
        "budget_value_type": st.sampled_from(kinds),
        "adset_budgets": amount.map(lambda value: [{"adset_id": node, "daily_budget": value} for node in ad_sets]),
        "budget_schedule_specs": st.tuples(st.sampled_from((1000, 90_000)), st.sampled_from(kinds)).map(
            lambda drawn: [{"budget_value": drawn[0], "budget_value_type": drawn[1], **schedule}]
        ),
        "target_ad_set": st.tuples(amount, st.sampled_from(("PAUSED", "ACTIVE"))).map(
            lambda drawn: {"name": "Clone", "daily_budget": drawn[0], "status": drawn[1]}
        ),
        "creative_overrides": st.sampled_from([node.id for node in engine.store.children(ids["ad_set"], "ads")]).map(
            lambda ad: [
                {"source_ad_id": ad, "message": "A new text for the ad", "link_url": "https://shop.example/new"}
            ]
        ),
        "updates": st.one_of(
            st.sampled_from(_STATES).map(lambda status: {"status": status}),
            amount.map(lambda value: {"daily_budget": value}),
        ),
        "arguments": st.sampled_from(_STATES).map(lambda status: {"campaign_id": ids["campaign"]}),
        "name": st.just("Spring"),
        "edits": st.lists(_edits(ids, amount), min_size=1, max_size=4, unique_by=lambda edit: edit["id"]),
        "percent": st.sampled_from((1, 10, 90)),
        "execution_spec": _executions(),
        "deep_copy": st.booleans(),
        "target_parent_id": st.sampled_from([ids["campaign"], ids["unbudgeted"], ids["ad_set"]]),
    }


def _edits(ids: Mapping[str, str], amount: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Rows of a bulk update that start, spend or archive."""
    budgets = st.one_of(
        amount.map(lambda value: {"daily_budget": value}),
        st.sampled_from((-10, 5, 10, 200)).map(lambda percent: {"budget_change_percent": percent}),
    )
    statuses = st.sampled_from(_STATES).map(lambda status: {"status": status})
    rows = [("campaign", "campaign"), ("ad_set", "ad_set"), ("ad_set", "next_ad_set"), ("ad", "ad")]
    return st.tuples(st.sampled_from(rows), st.one_of(budgets, statuses)).map(
        lambda drawn: {"level": drawn[0][0], "id": ids[drawn[0][1]], "set": drawn[1]}
    )


def _executions() -> st.SearchStrategy[dict[str, Any]]:
    changes = st.fixed_dictionaries(
        {"amount": st.sampled_from((500, 20, -20)), "unit": st.sampled_from(("PERCENTAGE", "ACCOUNT_CURRENCY"))},
        optional={"limit": st.sampled_from((100, MAX_VALUE, MAX_VALUE + 1, 9_999_999))},
    )
    options = st.lists(changes, min_size=1, max_size=2).map(
        lambda specs: [{"field": "change_spec", "operator": "EQUAL", "value": spec} for spec in specs]
    )
    return st.tuples(st.sampled_from(_SPECS), options).map(
        lambda drawn: (
            {"execution_type": drawn[0]} | ({"execution_options": drawn[1]} if drawn[0].startswith("CHANGE") else {})
        )
    )
