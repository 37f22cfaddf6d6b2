"""The distilled data is what the installed SDK says, and the demo world keeps to it."""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.sandbox import World, supplement
from meta_ads_mcp.sandbox.edges import registry
from meta_ads_mcp.sandbox.insights.figures import FIGURES
from meta_ads_mcp.sandbox.projection import class_of
from meta_ads_mcp.sandbox.sdk_spec import ENUM, load

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "meta_ads_mcp" / "sandbox" / "data" / "graph.json"


def test_the_data_is_what_the_sdk_says() -> None:
    found = importlib.util.spec_from_file_location("distill_graph", ROOT / "scripts" / "distill_graph.py")
    assert found is not None
    assert found.loader is not None
    script = importlib.util.module_from_spec(found)
    found.loader.exec_module(script)
    assert script.rendered() == DATA.read_text(encoding="utf-8"), "run scripts/distill_graph.py and look at the diff"


def test_the_data_stays_small() -> None:
    assert DATA.stat().st_size < 700_000


@pytest.mark.parametrize(
    ("node", "field", "there"),
    [
        ("AdAccount", "opportunity_score", True),
        ("AdAccount", "daily_spend_limit", False),
        ("Campaign", "opportunity_score", False),
        ("Campaign", "execution_options", False),
        ("AdStudy", "confidence_level", False),
        ("LeadgenForm", "privacy_policy", False),
        ("LeadgenForm", "privacy_policy_url", True),
        ("AdsPixel", "is_created_by_app", False),
        ("Ad", "effective_object_story_id", False),
        ("AdCreative", "effective_object_story_id", True),
        ("AdCreativeObjectStorySpec", "instagram_actor_id", False),
        ("AdCreativeObjectStorySpec", "instagram_user_id", True),
        ("AdsInsights", "date_start", True),
    ],
)
def test_readable_fields_are_told_from_params_of_writes(node: str, field: str, there: bool) -> None:
    assert (field in load().fields(node)) is there


@pytest.mark.parametrize(
    ("node", "method", "edge", "param"),
    [
        ("AdAccount", "GET", "campaigns", "effective_status"),
        ("AdAccount", "POST", "campaigns", "is_adset_budget_sharing_enabled"),
        ("Campaign", "GET", "insights", "time_increment"),
        ("AdSet", "POST", "", "bid_constraints"),
        ("Ad", "GET", "leads", "filtering"),
        ("Business", "POST", "ad_studies", "cells"),
        ("Root", "GET", "search", "interest_fbid_list"),
    ],
)
def test_edges_have_their_params(node: str, method: str, edge: str, param: str) -> None:
    found = load().edge(node, method, edge)
    assert found is not None
    assert param in found.params


def test_an_account_has_no_post_on_ad_studies() -> None:
    assert load().edge("AdAccount", "POST", "ad_studies") is None
    assert load().edge("AdAccount", "GET", "ad_studies") is not None


def test_every_entry_of_the_supplement_names_its_source() -> None:
    assert all(extra.source.startswith("docs: ") for extra in supplement.EDGES.values())
    fields = [source for known in supplement.FIELDS.values() for _, source in known.values()]
    assert all(source for source in fields)


def test_the_supplement_adds_only_what_the_sdk_lacks() -> None:
    known = load()._classes
    doubled = [
        f"{name}.{field}"
        for name, fields in supplement.FIELDS.items()
        for field in fields
        if field in known.get(name, {}).get("fields", {})
    ]
    assert doubled == []


def test_handlers_serve_edges_that_graph_has() -> None:
    registry.load_handlers()
    assert registry.HANDLERS
    unknown = [key for key in registry.HANDLERS if load().edge(*key) is None]
    assert unknown == []


def test_every_figure_is_a_field_of_insights() -> None:
    assert set(FIGURES) <= set(load().fields("AdsInsights"))


def test_the_world_has_only_fields_and_values_that_the_spec_knows(world: World) -> None:
    wrong: Counter[str] = Counter()
    for node in world.store.nodes.values():
        for name in node.fields:
            check(node.type, name, node.get(name), wrong)
    assert wrong == Counter()


def check(owner: str, name: str, value: Any, wrong: Counter[str]) -> None:
    """Count unknown names and enum values, at any depth where the SDK knows the class."""
    spec = load()
    known = spec.fields(owner)
    if not known:
        return
    if name not in known:
        wrong[f"{owner}.{name}"] += 1
        return
    kind = known[name]
    allowed = spec.enum(f"{owner}.{kind}")
    if allowed != (f"{owner}.{kind}",) and value not in allowed:
        wrong[f"{owner}.{name}={value}"] += 1
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, dict) and class_of(kind) in spec and class_of(kind) not in spec.node_types:
            for key, inner in part.items():
                check(class_of(kind), key, inner, wrong)


def test_no_enum_reference_dangles() -> None:
    spec = load()
    dangling = {
        part
        for found in spec._classes.values()
        for edge in found.get("edges", {}).values()
        for kind in edge["params"].values()
        if ENUM in kind and "." in (part := kind.split(ENUM)[1].strip("<>")) and spec.enum(part) == (part,)
    }
    assert {one for one in dangling if one[0].isupper()} == set()
