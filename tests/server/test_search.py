"""The search of ads_find_tools: everyday words in eight languages, and names that do not exist."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.errors import NotFound
from meta_ads_mcp.server.catalogue import Catalogue
from meta_ads_mcp.server.prompts import PROMPTS
from meta_ads_mcp.server.search_words import LANGUAGES, load_vocabulary
from meta_ads_mcp.tools.discovery import fit_rows
from tests.support.every_tool import TOOLS, catalogue
from tests.support.scripted_graph import ScriptedGraph

QUERIES: dict[str, dict[str, list[str]]] = tomllib.loads(
    (Path(__file__).parent / "search_queries.toml").read_text(encoding="utf-8")
)
VOCABULARY = load_vocabulary()
TOOL_NAMES = {tool.name for tool in TOOLS}
PROMPT_NAMES = {prompt.name for prompt in PROMPTS}
EVERYTHING = catalogue()
READS = Catalogue(TOOLS)
WORDS = [form.strip() for forms in VOCABULARY.concepts.values() for text in forms.values() for form in text.split(",")]
MAX_CHARS = 4000
MIN_RATE = 0.9
TOP = 3


def rank_today(query: str) -> list[str]:
    return [row["name"] for row in EVERYTHING.find(query, None)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_everyday_queries_find_their_tool_among_the_first_three(language: str) -> None:
    queries = QUERIES[language]
    missed = {query for query, expected in queries.items() if not set(rank_today(query)[:TOP]) & set(expected)}
    assert len(queries) >= 25
    assert len(missed) <= (1 - MIN_RATE) * len(queries), missed


def test_expected_names_exist() -> None:
    expected = {name for queries in QUERIES.values() for names in queries.values() for name in names}
    assert expected <= TOOL_NAMES | PROMPT_NAMES


@pytest.mark.parametrize("name", sorted(TOOL_NAMES | PROMPT_NAMES))
def test_each_tool_and_prompt_has_words_in_every_language(name: str) -> None:
    assert name in VOCABULARY.entries, "give it concepts in server/vocabulary.toml"
    concepts = VOCABULARY.entries[name].main
    assert concepts
    for concept in concepts:
        assert set(VOCABULARY.concepts[concept]) == set(LANGUAGES), concept


def test_the_vocabulary_names_nothing_that_does_not_exist() -> None:
    known = TOOL_NAMES | PROMPT_NAMES
    assert VOCABULARY.entries.keys() <= known
    assert {name for names in VOCABULARY.foreign_names.values() for name in names.split()} <= known
    used = {concept for entry in VOCABULARY.entries.values() for concept in entry.concepts}
    assert used == VOCABULARY.concepts.keys()
    assert VOCABULARY.weak <= VOCABULARY.concepts.keys()


@pytest.mark.parametrize("name", sorted(TOOL_NAMES))
def test_a_name_finds_its_tool_first_and_its_answer_is_short(name: str) -> None:
    rows = fit_rows(EVERYTHING.find(name, None)[:8])
    assert rows[0]["name"] == name
    assert rows[0]["arguments"].keys() == EVERYTHING.get(name).arguments["properties"].keys()


@pytest.mark.parametrize(
    ("text", "concepts"),
    [
        ("Tagesbudget erhöhen", {"budget", "raise"}),
        ("TAGESBUDGET ERHOEHEN", {"budget", "raise"}),
        ("Kampagnenbudget", {"campaign", "budget"}),
        ("turn the new campaign off", {"pause", "campaign"}),
        ("désactiver", {"pause"}),
        ("広告セットを複製", {"adset", "copy"}),
        ("ＡＢテスト", {"test"}),
    ],
)
def test_words_are_read_whatever_their_form(text: str, concepts: set[str]) -> None:
    assert concepts <= VOCABULARY.match(text).keys()


@pytest.mark.parametrize("query", ["banana bread recipe", "qwertz", "vreme danas", "???", "show", "who", "東西南北"])
def test_nothing_found_lists_no_arbitrary_tool(query: str) -> None:
    assert EVERYTHING.find(query, None) == []


async def test_nothing_found_says_so_and_names_the_toolsets() -> None:
    answer = (await ScriptedGraph().call("ads_find_tools", query="banana bread recipe")).structured
    assert answer["data"] == []
    assert "Found no tool" in answer["summary"]
    assert "campaigns" in " ".join(answer["notes"])


def every_query() -> Iterator[dict[str, Any]]:
    yield {"query": ""}
    yield from ({"query": query, "limit": 40} for queries in QUERIES.values() for query in list(queries)[::4])
    yield from ({"query": name} for name in sorted(TOOL_NAMES))
    yield from ({"query": "", "toolset": toolset, "limit": 40} for toolset in sorted({tool.toolset for tool in TOOLS}))


@pytest.mark.parametrize("allow_writes", [False, True])
async def test_no_answer_is_longer_than_the_limit(*, allow_writes: bool) -> None:
    graph = ScriptedGraph(catalogue=Catalogue(TOOLS, allow_writes=allow_writes), demo=True)
    for arguments in every_query():
        answer = await graph.call("ads_find_tools", **arguments)
        assert not answer.is_error
        assert len(answer.blocks[1]) <= MAX_CHARS, arguments


@given(st.text(max_size=200) | st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join))
def test_any_text_may_be_searched(query: str) -> None:
    assert len({row["name"] for row in EVERYTHING.find(query, None)}) <= len(TOOL_NAMES | PROMPT_NAMES)


async def test_full_rows_come_first_and_the_others_have_a_line() -> None:
    answer = await ScriptedGraph().call("ads_find_tools", query="hide a comment")
    rows = answer.structured["data"]
    assert ["arguments" in row for row in rows] == [True] * 2 + [False] * (len(rows) - 2)
    assert rows[0]["name"] == "ads_hide_comment"
    assert rows[0]["arguments"]["comment_id"].startswith("required")


async def test_switched_off_writes_are_found_and_marked() -> None:
    graph = ScriptedGraph(catalogue=READS)
    answer = (await graph.call("ads_find_tools", query="Kampagne pausieren")).structured
    assert {row["name"]: row.get("off") for row in answer["data"]}["ads_pause_campaign"] is True
    assert "META_ADS_ALLOW_WRITES" in answer["notes"][0]
    assert "--allow-writes" in answer["notes"][0]


async def test_prompts_are_found() -> None:
    answer = (await ScriptedGraph().call("ads_find_tools", query="rapport hebdomadaire")).structured
    assert (answer["data"][0]["name"], answer["data"][0]["kind"]) == ("weekly_report", "prompt")


async def test_results_say_how_an_unlisted_tool_is_called() -> None:
    graph = ScriptedGraph(catalogue=Catalogue(TOOLS, allow_writes=True))
    callers = {
        name: (await graph.call("ads_find_tools", query=name)).structured["data"][0].get("call_with")
        for name in ("ads_get_campaigns", "ads_get_pixels", "ads_delete_ad", "ads_delete_token")
    }
    assert callers == {
        "ads_get_campaigns": None,
        "ads_get_pixels": "ads_call_read_tool",
        "ads_delete_ad": "ads_call_write_tool",
        "ads_delete_token": None,
    }


# ---- Names that do not exist ----


def suggestion(name: str, *, writes: bool) -> str:
    with pytest.raises(NotFound) as failure:
        (EVERYTHING if writes else READS).get(name)
    return failure.value.next_step


@pytest.mark.parametrize("prefix", ["", "ads_", "meta_ads_", "mcp_meta_ads_", "mcp__meta-ads__", "facebook_", "fb_"])
def test_names_of_other_servers_lead_to_ours(prefix: str) -> None:
    for name, targets in VOCABULARY.foreign_names.items():
        expected = [target for target in targets.split() if target in TOOL_NAMES]
        if expected and f"{prefix}{name}" not in TOOL_NAMES:
            assert suggestion(prefix + name, writes=True).startswith(f"Nearest: {expected[0]}")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("ads_get_campagins", "ads_get_campaigns"), ("ads_get_insight", "ads_get_insights"), ("ads_boost", "ads_")],
)
def test_a_mistyped_name_leads_to_the_tool(name: str, nearest: str) -> None:
    assert suggestion(name, writes=True).startswith(f"Nearest: {nearest}")


def test_a_name_like_no_other_leads_to_the_search_alone() -> None:
    assert suggestion("qwertz", writes=True) == "Search the tools of this server with ads_find_tools."


@pytest.mark.parametrize("name", ["qwertz", "create_campaign", "ads_create_campaign", "ads_get_adsets"])
def test_where_writes_are_off_the_answer_says_so_and_names_none(name: str) -> None:
    step = suggestion(name, writes=False)
    assert "This server only reads" in step
    assert "META_ADS_ALLOW_WRITES=true or --allow-writes" in step
    writes = {tool.name for tool in TOOLS if tool.effect.is_write}
    assert not writes & set(step.replace(",", " ").replace(".", " ").split())
