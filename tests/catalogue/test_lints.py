"""What clients bear: names, descriptions, hints and schemas of every tool, and the size of the lists."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from meta_ads_mcp.core.schema import full_schema
from meta_ads_mcp.core.tool import Effect, Tool
from meta_ads_mcp.server.catalogue import DEFAULT
from meta_ads_mcp.server.server import CORE, INSTRUCTIONS
from meta_ads_mcp.server.signature import text_of_argument
from tests.support.arguments import CLOSED_INSIDE
from tests.support.every_tool import TOOLS, each
from tests.support.programs import load_script

NAME = re.compile(r"ads_[a-z0-9_]+")
PAGE_TOOLS = {"facebook_create_post", "facebook_get_page_insights", "facebook_delete_post", "facebook_get_post"}
LONGEST_NAME = 45
DESCRIPTION_CHARS = range(20, 601)
WRITE_PREFIX = "⚠️ Modifies live ads/account data"
HINTS = {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
MOST_INSTRUCTION_CHARS = 2000
MOST_LISTED = 32
# Characters of the compact JSON of a `tools/list` answer: lower them when the list shrinks, argue before raising them.
MOST_DEFAULT_CHARS = 30_000
# All of it is listed only where somebody asks for `all`: what counts every day is the default list. On average.
MOST_CHARS_PER_TOOL = 1_000
# Arguments, and keys inside them, that take an object with any key, with the reason.
_OF_THAT_TOOL = "the arguments of another tool, which closes them itself"
_AS_META = "Meta's own spec, sent as it is for what the other arguments do not say; Graph checks its keys"
OPEN_OBJECTS = {
    **dict.fromkeys(("arguments", "updates"), _OF_THAT_TOOL),
    **dict.fromkeys(CLOSED_INSIDE, "the server closes it; the keys are left out of the schema to keep the list small"),
    **dict.fromkeys(("extra_data", "placement_controls_per_objective"), "objects without a class in the SDK"),
    **dict.fromkeys(("adlabels", "tracking_specs", "omnichannel_object"), "objects that the SDK leaves open as well"),
    **dict.fromkeys(("edits", "select", "set"), "closed row by row; the keys are in the description"),
    "name_templates": "keys are levels, which the server checks; written out it would be the longest argument",
    "budget_schedule_specs": "closed; its keys are in the description, because four tools take it",
    **dict.fromkeys(("bid_adjustments", "contextual_multi_ads"), "objects for allow-listed advertisers"),
    **dict.fromkeys(
        ("facebook_branded_content", "instagram_branded_content"), "objects for partners of branded content"
    ),
    **dict.fromkeys(("asset_feed_spec", "object_story_spec", "degrees_of_freedom_spec", "call_to_action"), _AS_META),
    **dict.fromkeys(("asset_customization_rules", "creative", "geo_override"), _AS_META),
    **dict.fromkeys(("creative_features_spec", "image_crops"), "keys are names that Meta adds to: features, ratios"),
    **dict.fromkeys(
        ("da_display_settings", "metadata", "schedule", "update_schedule", "feed"),
        "closed; the keys are in the description, to keep the list small",
    ),
    "data": "attributes of an item, which depend on its type; the server checks those of products",
    "params": "params of a feed rule, which depend on its type and can be any values to map",
    "values": "values of an object in a catalog, which depend on its type; the server closes them",
    "filter": "the filter language of product sets, which nests; the server checks it at every depth",
    **dict.fromkeys(
        ("pixels", "pages", "instagram_users", "audiences", "product_sets", "lead_forms", "apps", "countries"),
        "old id to new id",
    ),
    **dict.fromkeys(("plan", "defaults"), "arguments of the tools that create the objects, which close them"),
    "tracking_parameters": "names and texts of the advertiser's own",
    "contents": "items of an order with any keys of the advertiser",
    "column_map": "names of columns of the advertiser's own",
    **dict.fromkeys(
        ("regional_regulation_disclaimer_spec", "regional_regulation_identities"), "keys differ by country"
    ),
}
# `\d`, `\w` and `\s` accept other scripts' digits, letters and blanks in Python, and not in JavaScript.
UNICODE_CLASSES = re.compile(r"\\[dDwWsS]")


@pytest.fixture(scope="module")
def shown() -> dict[str, dict[str, Any]]:
    return {tool["name"]: tool for tool in asyncio.run(load_script("snapshots").listing())["tools"]}


def test_names_are_unique() -> None:
    names = [tool.name for tool in TOOLS]
    assert len(names) == len(set(names))


@each()
def test_the_name_is_one_that_every_client_takes(tool: Tool) -> None:
    assert NAME.fullmatch(tool.name) or tool.name in PAGE_TOOLS
    assert len(tool.name) <= LONGEST_NAME


@each()
def test_the_description_says_what_it_does_and_whether_it_writes(tool: Tool, shown: dict[str, Any]) -> None:
    text = shown[tool.name]["description"]
    assert len(text) in DESCRIPTION_CHARS, f"{len(text)} characters"
    assert text.startswith(WRITE_PREFIX) == tool.effect.is_write


@each()
def test_a_title_and_all_four_hints_are_declared(tool: Tool, shown: dict[str, Any]) -> None:
    found = shown[tool.name]["annotations"]
    assert shown[tool.name]["title"]
    assert found.keys() >= HINTS
    assert found["readOnlyHint"] == (tool.effect is Effect.READ)
    assert not (found["readOnlyHint"] and found["destructiveHint"])


@each()
def test_the_schema_is_plain_and_closed(tool: Tool, shown: dict[str, Any]) -> None:
    assert list(complaints(tool.name, shown[tool.name]["inputSchema"])) == []
    assert shown[tool.name]["inputSchema"]["additionalProperties"] is False
    assert list(open_objects(tool.name, full_schema(tool.params))) == []


def complaints(where: str, schema: Mapping[str, Any]) -> Iterator[str]:
    """What some client would not understand."""
    arms = schema.get("anyOf", schema.get("oneOf"))
    if "$ref" in schema or "allOf" in schema:
        yield f"{where}: a reference"
    if arms is None and "type" not in schema:
        yield f"{where}: no type"
    if isinstance(schema.get("type"), list):
        yield f"{where}: several types"
    if UNICODE_CLASSES.search(schema.get("pattern", "")):
        yield f"{where}: a character class that is not ASCII"
    if schema.get("type") == "null":
        yield f"{where}: null"
    if "const" in schema:
        yield f"{where}: a constant"
    if not all(isinstance(value, str) for value in schema.get("enum", ())):
        yield f"{where}: an enum of something else than texts"
    for place, inner in inside(where, schema):
        yield from complaints(place, inner)


def open_objects(where: str, schema: Mapping[str, Any]) -> Iterator[str]:
    """What would let an undeclared key through."""
    is_closed = schema.get("additionalProperties") is False or name_of(where) in OPEN_OBJECTS
    if schema.get("type") == "object" and not is_closed:
        yield f"{where}: an open object"
    for place, inner in inside(where, schema):
        yield from open_objects(place, inner)


def inside(where: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The schemas inside a schema, with their places."""
    yield from ((f"{where}.{name}", inner) for name, inner in schema.get("properties", {}).items())
    yield from ((where, inner) for inner in schema.get("anyOf", schema.get("oneOf", [])))
    if schema.get("type") == "array":
        yield f"{where}[]", schema.get("items", {})


def name_of(where: str) -> str:
    """The argument or key at the end of a place such as `ads_x.specs[]`."""
    return where.rpartition(".")[2].removesuffix("[]")


@pytest.mark.parametrize(
    ("schema", "complaint"),
    [
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "null"),
        ({"$ref": "#/$defs/Money", "type": "object", "additionalProperties": False}, "reference"),
        ({"description": "anything"}, "no type"),
        ({"type": "array"}, "no type"),
        ({"type": ["integer", "string"]}, "several types"),
        ({"type": "string", "pattern": r"^\d+$"}, "not ASCII"),
        ({"type": "object", "properties": {}}, "open object"),
        ({"type": "string", "const": "me"}, "constant"),
        ({"anyOf": [{"type": "string", "const": "me"}, {"type": "integer"}]}, "constant"),
        ({"type": "integer", "enum": [1, 7]}, "enum"),
        ({"type": "array", "items": {"type": "object", "additionalProperties": True}}, "open object"),
    ],
)
def test_a_schema_that_some_client_refuses_is_noticed(schema: dict[str, Any], complaint: str) -> None:
    whole = {"type": "object", "additionalProperties": False, "properties": {"argument": schema}}
    found = [*complaints("tool", whole), *open_objects("tool", whole)]
    assert [complaint in text for text in found] == [True]


def test_the_instructions_are_short() -> None:
    assert len(INSTRUCTIONS) <= MOST_INSTRUCTION_CHARS


def test_what_the_server_names_exists(shown: dict[str, Any]) -> None:
    named = set(re.findall(r"\bads_[a-z_]+", INSTRUCTIONS)) | CORE
    assert named <= shown.keys(), f"the server names tools that do not exist: {named - shown.keys()}"


@pytest.mark.parametrize("writes", [False, True])
def test_the_default_list_is_small(writes: bool) -> None:
    answer = asyncio.run(load_script("snapshots").listing("default", writes=writes))
    assert len(answer["tools"]) <= MOST_LISTED
    assert _chars(answer) <= MOST_DEFAULT_CHARS


DAILY_WORK = {
    "status": "ads_set_status",
    "budgets": "ads_update_budget",
    "many edits": "ads_bulk_update",
    "worn creatives": "ads_get_creative_fatigue",
    "who changed what": "ads_account_get_activity_logs",
    "why it changed": "ads_explain_change",
    "comments": "ads_moderate_comments",
    "leads": "ads_export_leads",
}


def test_the_default_list_holds_the_daily_work() -> None:
    assert set(DAILY_WORK.values()) <= DEFAULT
    deletes = {tool.name for tool in TOOLS if tool.effect is Effect.DELETE}
    assert not DEFAULT & deletes, "an 'always allow' must not include a deletion"


# Of all arguments, the share that may lack one: those of tools that are new.
MAX_UNDESCRIBED = 0.02


def test_arguments_have_a_description_in_the_docs_and_in_a_search() -> None:
    """Their own, or one in server/argument_texts.toml."""
    arguments = [(tool.name, *item) for tool in TOOLS for item in full_schema(tool.params)["properties"].items()]
    missing = [f"{tool}.{name}" for tool, name, schema in arguments if not text_of_argument(tool, name, schema)]
    assert len(missing) <= MAX_UNDESCRIBED * len(arguments), missing


def test_the_whole_list_with_writes_is_bounded() -> None:
    answer = asyncio.run(load_script("snapshots").listing())
    for tool in answer["tools"]:
        # The address of a view is for the client; no model reads it.
        if tool.get("_meta", {}).pop("ui", None) and not tool["_meta"]:
            del tool["_meta"]
    assert _chars(answer) <= MOST_CHARS_PER_TOOL * len(answer["tools"])


def _chars(answer: dict[str, Any]) -> int:
    return len(json.dumps(answer, ensure_ascii=False, separators=(",", ":")))
