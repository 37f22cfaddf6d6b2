"""Figures add up: every breakdown that is offered, in every currency, to the whole and to the ground truth."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from meta_ads_mcp.analysis.query.combinations import STARRED
from meta_ads_mcp.analysis.query.selection import DEFAULT_FIELDS, OFF_META_HIDDEN
from meta_ads_mcp.analysis.table import ADDITIVE
from meta_ads_mcp.core.values.money import offset
from meta_ads_mcp.engine.engine import Options
from meta_ads_mcp.sandbox import SandboxTransport, World
from meta_ads_mcp.sandbox.insights.segments import COMBINATIONS
from tests.support.sandbox_engine import NOW, SandboxEngine, build_reader, records

WEEK = {"since": "2026-10-01", "until": "2026-10-07"}
BREAKDOWNS = sorted(tuple(sorted(one)) for one in COMBINATIONS)
# Joined by Meta with figures that the sandbox does not make.
UNMODELLED = {"action_device", "product_id"}
ACTION_BREAKDOWNS = ("action_device", "action_destination", "action_target_id", "action_reaction")
LEVELS = ("campaign", "adset", "ad")
# One account of each currency of the demo business.
CURRENCIES = ("USD", "EUR", "JPY", "BRL")
NEVER_ADDED = {"reach", "frequency", "ctr", "cpc", "cpm", "purchase_roas", "results", "result_event"}
BREAKDOWN_NAMES = {name for one in COMBINATIONS for name in one} | set(ACTION_BREAKDOWNS)
IDENTITIES = {"date_start", "date_stop"} | {
    f"{level}_{part}" for level in ("campaign", "ad_set", "ad") for part in ("id", "name")
}
Figures = Mapping[str, Decimal]


@pytest.fixture(scope="module")
def box() -> SandboxTransport:
    return SandboxTransport(World(today=NOW), clock=lambda: NOW)


@pytest.fixture
def demo(box: SandboxTransport) -> SandboxEngine:
    return build_reader(box)


@pytest.fixture(params=CURRENCIES)
def account(request: pytest.FixtureRequest, box: SandboxTransport) -> str:
    return next(f"act_{plan.id}" for plan in box.world.accounts.values() if plan.currency == request.param)


async def read(demo: SandboxEngine, account: str, **arguments: Any) -> Mapping[str, Any]:
    data: Mapping[str, Any] = (await answered(demo, account, **arguments))["data"]
    return data


async def answered(demo: SandboxEngine, account: str, **arguments: Any) -> Mapping[str, Any]:
    asked = {"object_id": account, "time_range": WEEK, "max_items": 5000, **arguments}
    answer = await demo.good("ads_get_insights", **asked)
    assert not answer["page"]["has_more"]
    return answer


def added(data: Mapping[str, Any], names: set[str]) -> Figures:
    return {name: sum((Decimal(str(row[name] or 0)) for row in records(data)), Decimal()) for name in names}


def additive(data: Mapping[str, Any]) -> set[str]:
    """The columns of amounts and of events."""
    named = set(data["columns"]) - NEVER_ADDED - BREAKDOWN_NAMES - IDENTITIES
    return {name for name in named if not name.startswith("cost_per_")}


def told(notes: Sequence[str]) -> Figures:
    """The totals that the answer gives itself."""
    lines = [note for note in notes if note.startswith("Totals of all")]
    return {name: Decimal(value) for line in lines for name, value in re.findall(r"(\w+)=([0-9.]*[0-9])", line)}


async def whole(demo: SandboxEngine, account: str, **arguments: Any) -> Mapping[str, Any]:
    (row,) = records(await read(demo, account, **arguments))
    return row


def same(parts: Figures, of: Mapping[str, Any]) -> None:
    assert parts == {name: Decimal(str(of.get(name, 0))) for name in parts}


def true_figures(demo: SandboxEngine, account: str) -> Figures:
    """What really happened, in major units of the account's currency."""
    world = demo.sandbox.world
    truth = world.truth(account, date.fromisoformat(WEEK["since"]), date.fromisoformat(WEEK["until"]))
    units = offset(world.accounts[account.removeprefix("act_")].currency)
    return {
        "spend": Decimal(truth["spend"]) / (units or 1),
        "impressions": Decimal(truth["impressions"]),
        "clicks": Decimal(truth["clicks"]),
    }


@pytest.mark.parametrize("breakdowns", BREAKDOWNS, ids="+".join)
async def test_a_breakdown_adds_up_to_the_whole_and_to_the_truth(
    demo: SandboxEngine, account: str, breakdowns: tuple[str, ...]
) -> None:
    answer = await answered(demo, account, breakdowns=list(breakdowns))
    data = answer["data"]
    parts = added(data, additive(data))
    assert {"spend", "impressions", "clicks", "link_click"} <= parts.keys()
    assert told(answer["notes"]) == (parts if len(data["rows"]) > 1 else {})
    assert len(records(data)) == len({tuple(row[name] for name in breakdowns) for row in records(data)})
    same(parts if not OFF_META_HIDDEN & set(breakdowns) else plain(parts), await whole(demo, account))
    assert parts.items() >= true_figures(demo, account).items()


def plain(parts: Figures) -> Figures:
    """By region or hour Graph leaves out what happened off Meta."""
    return {name: parts[name] for name in ("spend", "impressions", "clicks")}


@pytest.mark.parametrize("breakdown", ACTION_BREAKDOWNS)
async def test_an_action_breakdown_adds_up_event_by_event(demo: SandboxEngine, account: str, breakdown: str) -> None:
    data = await read(demo, account, action_breakdowns=[breakdown], level="campaign")
    parts = added(data, additive(data))
    unsplit = await read(demo, account, level="campaign")
    same(parts, {name: float(value) for name, value in added(unsplit, additive(unsplit)).items()})
    assert parts.items() >= true_figures(demo, account).items()


@pytest.mark.parametrize("level", LEVELS)
async def test_a_level_adds_up_to_the_account_and_to_the_truth(box: SandboxTransport, account: str, level: str) -> None:
    demo = roomy(box)
    data = await read(demo, account, level=level)
    parts = added(data, additive(data))
    same(parts, await whole(demo, account))
    assert parts.items() >= true_figures(demo, account).items()


def roomy(box: SandboxTransport) -> SandboxEngine:
    """A server whose answers are not cut."""
    demo = build_reader(box)
    demo.engine.options = Options(demo=True, result_chars=10_000_000)
    return demo


@pytest.mark.parametrize("increment", ["1", "3", "monthly"])
async def test_periods_add_up_to_the_whole_and_to_the_truth(demo: SandboxEngine, account: str, increment: str) -> None:
    data = await read(demo, account, time_increment=increment)
    names = {"spend", "impressions", "clicks", "purchase", "purchase_value", "lead", "link_click"}
    parts = added(data, names & set(data["columns"]))
    same(parts, await whole(demo, account))
    assert parts.items() >= true_figures(demo, account).items()


async def test_pages_and_cut_answers_give_every_row_once(demo: SandboxEngine, account: str) -> None:
    """Answers of the usual size, read on with page.after, add up to the truth as one large answer does."""
    seen: list[dict[str, Any]] = []
    after: dict[str, Any] = {}
    for _ in range(200):
        answer = await demo.good("ads_get_insights", object_id=account, time_range=WEEK, level="ad", limit=500, **after)
        seen += records(answer["data"])
        assert answer["page"]["count"] == len(answer["data"]["rows"])
        if not answer["page"]["has_more"]:
            break
        after = {"after": answer["page"]["after"]}
    assert len(seen) == len({row["ad_id"] for row in seen})
    names = ("spend", "impressions", "clicks")
    assert {name: sum(Decimal(str(row[name])) for row in seen) for name in names} == true_figures(demo, account)


async def test_a_report_adds_up_to_the_truth(demo: SandboxEngine, account: str) -> None:
    answer = await demo.good(
        "ads_run_report_and_wait", object_id=account, time_range=WEEK, breakdowns=["age", "gender"], level="campaign"
    )
    assert told(answer["notes"]).items() >= true_figures(demo, account).items()


def test_no_default_figure_that_counts_people_or_divides_is_added() -> None:
    assert {"spend", "impressions", "clicks", "actions", "action_values"} == ADDITIVE & set(DEFAULT_FIELDS)


def test_every_combination_that_the_docs_allow_is_summed_here() -> None:
    documented = [set(text.split()) for text in STARRED]
    assert [one for one in documented if not UNMODELLED & one and one not in map(set, BREAKDOWNS)] == []
