"""What Meta's own SDK says of nodes, edges, params and fields, read from the source of the installed package.

What Graph has and the SDK lacks is in the two lists below, with the day it was looked at and the reason; nothing else
is let through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from meta_ads_mcp.sandbox.fields import FieldSelection, parse
from tests.support.programs import load_script

# Params of Graph itself, which the SDK's methods leave out. Looked at on 2026-11-20, docs: graph-api/overview (fields,
# locale), graph-api/results (limit, after), marketing-api/reference/ad-account/* (summary, filtering, sort of lists).
EVERY_READ = {"fields": "string", "locale": "string"}
EVERY_LIST = {
    "limit": "int",
    "after": "string",
    "summary": "string",
    "filtering": "list<Object>",
    "sort": "list<string>",
}

# "METHOD Class/edge" → (params, class of a row, reason). All looked at on 2026-11-20.
_SEARCH = "the SDK's TargetingSearch class takes any params; docs: marketing-api/audiences/reference/targeting-search"
BESIDES_THE_SDK: dict[str, tuple[dict[str, str], str, str]] = {
    "POST AdAccount/adimages": (
        {"name": "string"},
        "",
        "the key of the image in Graph's answer, left out of the SDK's create_ad_image",
    ),
    "POST AdSet/": (
        {"is_dynamic_creative": "bool"},
        "",
        "taken by Graph without effect, left out of the SDK's api_update",
    ),
    "GET ProductSet/da_checks": (
        {"checks": "list<string>", "connection_method": "enum:DACheck.ConnectionMethod", "with_issue_only": "bool"},
        "DACheck",
        "an edge class of the SDK (ProductSetDAChecks) and no method of the node",
    ),
    "GET AdAccount/opportunity_score_history": (
        {"from_date": "string", "to_date": "string", "get_reason": "bool"},
        "",
        "an edge class of the SDK (OpportunityScoreChangelog) and no method of the node",
    ),
    "GET ProductFeed/rule_preview_samples": (
        {"attribute": "string", "rule_type": "string", "params": "string"},
        "",
        "an edge class of the SDK (ProductFeedRulePreviewSamples) and no method of the node",
    ),
    "GET Root/search": (
        dict.fromkeys("type q class country_code".split(), "string")
        | dict.fromkeys("location_types interest_list countries places".split(), "list<string>")
        | {"region_id": "int"},
        "",
        _SEARCH,
    ),
    "GET Root/ads_archive": (
        dict.fromkeys(
            "search_terms search_type ad_type ad_active_status ad_delivery_date_min ad_delivery_date_max "
            "media_type".split(),
            "string",
        )
        | dict.fromkeys("ad_reached_countries search_page_ids publisher_platforms languages".split(), "list<string>"),
        "",
        "not in the SDK; docs: graph-api/reference/ads_archive",
    ),
    "GET Root/dataset_quality": (
        {"dataset_id": "string", "agent_name": "string"},
        "",
        "docs: marketing-api/conversions-api/dataset-quality-api; rows: AdsPixelCAPIIntegrationQuality",
    ),
}
# Params that take more here than the SDK says: "METHOD Class/edge param" → (type, reason). 2026-11-20.
_TWELVE = (
    "unverified: the SDK's class has {} of the twelve values of Ad.EffectiveStatus; the filter is one list for all "
    "edges, and a value that the edge does not take comes back as Graph's error 100 with the accepted ones"
)
TYPES_BESIDES_THE_SDK: dict[str, tuple[str, str]] = {
    "POST ProductCatalog/items_batch requests": ("list<Object>", "an array on the wire (Meta docs, items_batch)"),
    "GET AdAccount/campaigns effective_status": ("list<enum:Ad.EffectiveStatus>", _TWELVE.format("six")),
    "GET AdAccount/adsets effective_status": ("list<enum:Ad.EffectiveStatus>", _TWELVE.format("seven")),
    "GET Campaign/adsets effective_status": ("list<enum:Ad.EffectiveStatus>", _TWELVE.format("seven")),
}
# Class → fields that it has although the SDK's class lacks them, each with its reason. All looked at on 2026-11-20.
FIELDS_BESIDES_THE_SDK: dict[str, dict[str, str]] = {}
# What an id typed `any` may name.
ANY = ("AdAccount", "Campaign", "AdSet", "Ad")
ENTITY_TYPES = {"account": "AdAccount", "campaign": "Campaign", "ad_set": "AdSet", "ad": "Ad"}
ROOT = "Root"
_SCALARS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "bool": bool,
    "int": int,
    "unsigned int": int,
    "float": (int, float),
    "datetime": (str, int),
    "map": dict,
    "file": str,
}
_DIGITS = re.compile(r"-?[0-9]+")


class Edge(NamedTuple):
    """The params of a method on an edge with the SDK's types, and the class of a row (empty when it does not say)."""

    params: Mapping[str, str]
    returns: str


@cache
def classes() -> dict[str, dict[str, Any]]:
    script = load_script("distill_graph")
    parsed: dict[str, dict[str, Any]] = script.parse_sdk(script.sdk_folder())
    return parsed


@cache
def edge(node: str, method: str, name: str) -> Edge | None:
    """An edge, or the node itself where the name is empty; None when there is no such method on it."""
    found = classes().get(node, {}).get("edges", {}).get(f"{method} {name}")
    params, returns, _ = BESIDES_THE_SDK.get(f"{method} {node}/{name}", ({}, "", ""))
    if found is None and not params:
        return None
    known = {**(found or {}).get("params", {}), **params}
    known = {
        key: TYPES_BESIDES_THE_SDK.get(f"{method} {node}/{name} {key}", (kind, ""))[0] for key, kind in known.items()
    }
    if method == "GET":
        known = EVERY_READ | (EVERY_LIST if name else {}) | known
    return Edge(known, returns or (found or {}).get("returns", ""))


@cache
def types_of_parameters() -> Mapping[str, frozenset[str]]:
    """Name of a parameter → the SDK's types of all parameters with this name."""
    types: dict[str, set[str]] = {}
    for description in classes().values():
        for method in description.get("edges", {}).values():
            for name, kind in method["params"].items():
                types.setdefault(name, set()).add(kind)
    return {name: frozenset(kinds) for name, kinds in types.items()}


def enum(reference: str) -> tuple[str, ...]:
    """Values of `Class.Enum`, or of a list written in place (`a|b`)."""
    owner, _, kind = reference.partition(".")
    values = classes().get(owner, {}).get("enums", {}).get(kind)
    return tuple(values) if values is not None else tuple(reference.split("|"))


def field_type(node: str, name: str) -> str | None:
    """The SDK's type of a readable field; None when the class does not have it."""
    if name in FIELDS_BESIDES_THE_SDK.get(node, {}):
        return "string"
    kind: str | None = classes().get(node, {}).get("fields", {}).get(name)
    return kind


def missing_fields(node: str, expression: str) -> list[str]:
    """What of a `fields` expression the class, or a class inside it, does not have."""
    return [missing for wanted in parse(expression) for missing in _missing(node, wanted)]


def _missing(node: str, wanted: FieldSelection) -> Iterator[str]:
    kind = field_type(node, wanted.name)
    inner = re.sub(r"^list<|>$", "", kind or "")
    if kind is None and (nested := edge(node, "GET", wanted.name)):
        inner = nested.returns
    elif kind is None:
        yield f"{node}.{wanted.name}"
    if inner in classes():
        for one in wanted.inner or ():
            yield from _missing(inner, one)


def fits(value: Any, kind: str) -> bool:
    """Whether a value is of the SDK's type. Ids stay strings, so digits are an integer too."""
    if kind.startswith("list"):
        inner = kind.removeprefix("list").strip("<>") or "Object"
        return isinstance(value, (list, tuple)) and all(fits(item, inner) for item in value)
    if kind.startswith("enum:"):
        return value in enum(kind.removeprefix("enum:"))
    if kind not in _SCALARS:
        return isinstance(value, (dict, list, str))
    if isinstance(value, bool):
        return kind == "bool"
    return isinstance(value, _SCALARS[kind]) or (
        kind in ("int", "unsigned int") and bool(_DIGITS.fullmatch(str(value)))
    )


def wrong(nodes: Sequence[str], method: str, name: str, params: Mapping[str, Any]) -> list[str]:
    """What of a request the SDK does not know, on each class that the path may name."""
    return [complaint for node in nodes for complaint in _wrong(node, method, name, params)]


# Params that Meta documents otherwise: the first is not in the SDK (targeting-search), the others take names, such as
# TAIWAN_UNIVERSAL, where the SDK's enum has numbers (reference/ad-campaign).
DOCUMENTED = {
    ("Root", "search", "interest_fbid_list"),
    ("AdSet", "", "regional_regulated_categories"),
    ("AdAccount", "adsets", "regional_regulated_categories"),
}


def _wrong(node: str, method: str, name: str, params: Mapping[str, Any]) -> Iterator[str]:
    found = edge(node, method, name)
    where = f"{method} {node}/{name}"
    if found is None:
        yield f"{where} is no edge"
        return
    for key, value in params.items():
        if value is None:
            continue
        if (node, name, key) in DOCUMENTED:
            continue
        if key not in found.params:
            yield f"{where} has no param {key}"
        elif key != "fields" and not fits(value, found.params[key]):
            yield f"{where}: {key} is {found.params[key]}"
    if isinstance(params.get("fields"), str):
        # An asynchronous report gives a run, and its fields are those of the rows to come.
        of = "AdsInsights" if name == "insights" else found.returns if name else node
        yield from (
            f"{where}: no field {missing}" for missing in missing_fields(of, params["fields"]) if of in classes()
        )
