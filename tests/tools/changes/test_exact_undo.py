"""An undo puts back exactly the recorded values, with their types, or says why it does not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meta_ads_mcp.core.request import Request
from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.scripted_graph import ACCOUNT, CAMPAIGN, ScriptedGraph, account_graph, engine

# Names that look like something else: numbers, tokens, times, JSON, markup, text of other scripts.
NAMES = [
    *("007", "٣٤", "²", "1e3", "0x10", "-5", "5000.0", "true", "null", "2026-11-30T09:00:00+0000"),
    *("EAASummerCampaign2026Retargeting", "Sale access_token=none today", "[token]", '{"a": 1}', "\\u0041", "a\u2028b"),
]
TEXTS = st.one_of(
    st.sampled_from(NAMES),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def identical(first: Any, second: Any) -> bool:
    """Equal in value and in type, at any depth."""
    return json.dumps(first, sort_keys=True) == json.dumps(second, sort_keys=True)


async def rename(graph: ScriptedGraph, old: Any, **options: Any) -> Any:
    """Rename the campaign from `old`, undo it in another process on the same state. Returns the undo's answer."""
    graph.objects[CAMPAIGN]["name"] = old
    change = await engine(graph, **options).call("ads_update_campaign", {"campaign_id": CAMPAIGN, "name": "Another"})
    undo = {"change_id": change.structured["data"]["change_id"]}
    return await engine(graph, **options).call("ads_undo_change", undo, asker=Person(True))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=TEXTS.filter(str.strip))
async def test_a_name_is_put_back_as_it_was(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    graph = account_graph()
    answer = await rename(graph, name, state_dir=tmp_path_factory.mktemp("state"))
    assert not answer.is_error, answer.text
    assert identical(graph.writes[-1].params, {"name": name})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=st.dictionaries(st.sampled_from(["geo_locations", "flexible_spec", "age_min", "x"]), JSON, min_size=1))
async def test_a_nested_value_is_put_back_as_it_was(
    old: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    graph = account_graph()
    graph.objects["201"] = {"id": "201", "account_id": "1", "optimization_goal": "REACH", "targeting": old}
    server = engine(graph, state_dir=tmp_path_factory.mktemp("state"))
    targeting = {"geo_locations": {"countries": ["US"]}}
    change = await server.call("ads_update_ad_set", {"ad_set_id": "201", "targeting": targeting}, asker=Person(True))
    undo = {"change_id": change.structured["data"]["change_id"], "force": True}
    answer = await server.call("ads_undo_change", undo, asker=Person(True))
    assert not answer.is_error, answer.text
    assert identical(graph.writes[-1].params["targeting"], old)


@pytest.mark.parametrize("old", ["5000", 5000, "5000.0", 5000.0])
async def test_a_budget_is_put_back_in_the_form_that_graph_gave(old: Any) -> None:
    graph = account_graph()
    graph.objects[CAMPAIGN]["daily_budget"] = old
    server = engine(graph)
    change = await server.call(
        "ads_update_budget", {"entity_type": "campaign", "entity_id": CAMPAIGN, "daily_budget": 2500}
    )
    undo = {"change_id": change.structured["data"]["change_id"]}
    answer = await server.call("ads_undo_change", undo, asker=Person(True))
    assert not answer.is_error, answer.text
    assert identical(graph.writes[-1].params["daily_budget"], old)


@pytest.mark.parametrize(("old", "sent"), [("500000", "5000"), ("500000.0", "5000"), ("a lot", None)])
async def test_a_spend_cap_that_is_not_a_number_is_not_put_back(old: str, sent: str | None) -> None:
    graph = account_graph()
    graph.objects[ACCOUNT] |= {"spend_cap": old, "amount_spent": "0"}
    graph.special = lambda request: _set_cap(graph, request)
    server = engine(graph)
    cap = {"account_id": ACCOUNT, "spend_cap": "4000.00 USD"}
    change = await server.call("ads_update_spend_cap", cap, asker=Person(True))
    undo = {"change_id": change.structured["data"]["change_id"]}
    answer = await server.call("ads_undo_change", undo, asker=Person(True))
    if sent is None:
        assert answer.structured["error"]["kind"] == "invalid_arguments"
        assert "is not a number" in answer.structured["error"]["message"]
    else:
        assert float(graph.writes[-1].params["spend_cap"]) == float(sent), answer.text


def _set_cap(graph: ScriptedGraph, request: Request) -> Any:
    """Graph takes a spend cap in units of the currency and shows it in minor units."""
    if request.method == "GET" or request.path != ACCOUNT:
        return NotImplemented
    graph.objects[ACCOUNT]["spend_cap"] = str(int(float(request.params["spend_cap"]) * 100))
    return {"success": True}


def edits(server: SandboxEngine) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """Edits of one campaign and one ad set."""
    campaign, ad_set = server.ids["campaign"], server.ids["ad_set"]
    names = TEXTS.filter(lambda name: name == name.strip() and bool(name))
    return st.one_of(
        st.fixed_dictionaries({"campaign_id": st.just(campaign), "name": names}).map(
            lambda a: ("ads_update_campaign", a)
        ),
        st.fixed_dictionaries({"ad_set_id": st.just(ad_set), "name": names}).map(lambda a: ("ads_update_ad_set", a)),
        st.fixed_dictionaries({"campaign_id": st.just(campaign), "daily_budget": st.integers(1000, 9999)}).map(
            lambda a: ("ads_update_campaign", a)
        ),
        st.fixed_dictionaries({"campaign_id": st.just(campaign), "status": st.sampled_from(["ACTIVE", "PAUSED"])}).map(
            lambda a: ("ads_update_campaign", a)
        ),
    )


SERVER = build_writer()
TIMES = frozenset({"updated_time"})


@settings(max_examples=25, deadline=None)
@given(chosen=st.lists(edits(SERVER), min_size=1, max_size=4))
async def test_edits_undone_in_reverse_order_restore_the_account(chosen: list[tuple[str, dict[str, Any]]]) -> None:
    before = SERVER.store.snapshot()
    changes: list[str] = []
    for tool, arguments in chosen:
        SERVER.clock.passed_s += 7200
        changes.append((await SERVER.done(tool, **arguments))["change_id"])
    for change_id in reversed(changes):
        SERVER.clock.passed_s += 7200
        await SERVER.done("ads_undo_change", change_id=change_id)
    assert [fields for fields in SERVER.changed(before).values() if fields.keys() - TIMES] == []


@pytest.mark.parametrize(
    ("node", "fields"),
    [
        ({"id": CAMPAIGN}, {"status", "stop_time"}),
        ({"id": ACCOUNT}, {"amount_spent"}),
    ],
)
async def test_the_fields_on_which_effects_depend_are_read_along(node: dict[str, str], fields: set[str]) -> None:
    graph = account_graph()
    graph.objects[ACCOUNT] |= {"spend_cap": "500000", "amount_spent": "0"}
    graph.special = lambda request: _set_cap(graph, request)
    server = engine(graph)
    calls: dict[str, tuple[str, dict[str, Any]]] = {
        CAMPAIGN: ("ads_update_campaign", {"campaign_id": CAMPAIGN, "name": "Another"}),
        ACCOUNT: ("ads_update_spend_cap", {"account_id": ACCOUNT, "spend_cap": "4000.00 USD"}),
    }
    tool, arguments = calls[node["id"]]
    change = await server.call(tool, arguments, asker=Person(True))
    graph.sent.clear()
    await server.call("ads_undo_change", {"change_id": change.structured["data"]["change_id"]}, asker=Person(True))
    read = next(request for request in graph.sent if request.path == node["id"] and "name" in request.params["fields"])
    assert fields <= set(read.params["fields"].split(","))
