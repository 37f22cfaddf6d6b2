"""Custom audiences, the people in them, and who else may use them. Source: docs marketing-api/audiences/guides,
marketing-api/reference/custom-audience (users, usersreplace, adaccounts)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.edges.writing import (
    SUCCESS,
    account_of,
    change,
    check_name,
    gone,
    known_node,
    make,
    need,
    now,
    readable,
)
from meta_ads_mcp.sandbox.refusal import Refusal, invalid, unknown_node
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world import clients

Json = Any
MAX_ROWS = 10_000
LEAST_SEED = 100
SESSION = timedelta(minutes=90)
PLAIN_KEYS = frozenset(
    "MADID EXTERN_ID UID APPUID PAGEUID LOOKALIKE_VALUE DATA_PROCESSING_OPTIONS DATA_PROCESSING_OPTIONS_COUNTRY "
    "DATA_PROCESSING_OPTIONS_STATE".split()
)
_HASH = re.compile("[0-9a-fA-F]{64}")
FLAGGED = 471
NO_TERMS, FLAGGED_UPLOAD, FLAGGED_SEED = 1870090, 1713230, 1713232
NO_FIRST_BATCH, SESSION_OVER, BATCH_TOO_LARGE, SESSION_FINISHED = 1870147, 1870158, 1870144, 1870159


# -- audiences --------------------------------------------------------------------------------------------------------


@serves("POST", "AdAccount/customaudiences")
def create(ask: Ask) -> Json:
    """Make a custom or lookalike audience."""
    params = ask.params
    need(params, "name")
    check_name(params)
    _check_terms(ask)
    if params.get("enable_fetch_or_create") and (node := _find_by_name(ask, params["name"])):
        return {"id": node.id}
    is_lookalike = params.get("subtype") == "LOOKALIKE"
    fields = _lookalike(ask) if is_lookalike else _audience(ask)
    when = int(now(ask).timestamp())
    common = {
        "account_id": ask.node.account,
        "approximate_count_lower_bound": -1,
        "approximate_count_upper_bound": -1,
        "time_created": when,
        "time_updated": when,
        "delivery_status": {"code": 300, "description": "The audience is too small to be delivered to."},
        "operation_status": {"code": 200, "description": "Normal"},
        "permission_for_actions": {"can_edit": True, "can_see_insight": True, "can_share": True},
        "is_value_based": False,
    }
    values = readable(ask, "CustomAudience", {k: v for k, v in params.items() if k != "lookalike_spec"})
    return {"id": make(ask, "CustomAudience", common | values | fields, [(ask.node.id, "customaudiences")]).id}


def _check_terms(ask: Ask) -> None:
    terms = account_of(ask).get("tos_accepted") or {}
    if not terms.get("web_custom_audience_tos") and not terms.get("custom_audience_tos"):
        raise invalid(NO_TERMS, "The Custom Audience terms are not accepted", code=200)


def _find_by_name(ask: Ask, name: str) -> GraphNode | None:
    rows = ask.graph.world.store.children(ask.node.id, "customaudiences")
    return next((row for row in rows if row.get("name") == name), None)


def _audience(ask: Ask) -> dict[str, Json]:
    params = ask.params
    if "rule" not in params:
        subtype = params.get("subtype", "CUSTOM")
        if subtype == "CUSTOM" and "customer_file_source" not in params:
            raise invalid(None, "A customer list needs customer_file_source", "customer_file_source")
        return {"subtype": subtype, "data_source": {"type": "FILE_IMPORTED", "sub_type": "ANYTHING"}}
    if "subtype" in params:
        raise Refusal("(#2654) Failed to create custom audience: a rule tells the subtype itself", code=2654)
    rule = _json("rule", params["rule"])
    if not isinstance(rule, dict) or not (rule.get("inclusions") or rule.get("exclusions")):
        raise Refusal("(#2654) Failed to create custom audience: the rule has no inclusions", code=2654)
    sources = [source for part in _rules(rule) for source in part.get("event_sources", [])]
    if not sources:
        raise Refusal("(#2654) Failed to create custom audience: a rule names no event_sources", code=2654)
    for source in sources:
        if ask.graph.find(str(source.get("id"))) is None:
            raise unknown_node(str(source.get("id")), ask.call.method)
    kind = {"pixel": "WEBSITE", "app": "APP"}.get(str(sources[0].get("type")), "ENGAGEMENT")
    return {"subtype": kind, "data_source": {"type": "EVENT_BASED", "sub_type": "ANYTHING"}}


def _rules(rule: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    parts = [rule.get("inclusions") or {}, rule.get("exclusions") or {}]
    return [item for part in parts for item in part.get("rules", []) if isinstance(item, dict)]


def _json(name: str, text: Json) -> Json:
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        raise invalid(None, f"{name} is not JSON", name) from None


def _lookalike(ask: Ask) -> dict[str, Json]:
    params = ask.params
    need(params, "origin_audience_id", "lookalike_spec")
    origin = known_node(ask, "CustomAudience", params["origin_audience_id"])
    if (origin.get("operation_status") or {}).get("code") == FLAGGED:
        raise invalid(FLAGGED_SEED, "The seed audience is flagged", "origin_audience_id")
    if origin.get("approximate_count_lower_bound") < LEAST_SEED:
        raise Refusal("(#2654) Failed to create lookalike: the seed audience has too few people", code=2654)
    spec = _json("lookalike_spec", params["lookalike_spec"])
    _check_lookalike(spec)
    countries = [spec["country"]] if spec.get("country") else spec["location_spec"]["geo_locations"].get("countries")
    fields = {name: spec[name] for name in ("ratio", "starting_ratio", "type", "country") if name in spec}
    seed = [{"id": origin.id, "name": origin.get("name")}]
    return {"subtype": "LOOKALIKE", "lookalike_spec": fields | {"target_countries": countries, "origin": seed}}


def _check_lookalike(spec: Json) -> None:
    if not isinstance(spec, dict) or not (spec.get("country") or spec.get("location_spec")):
        raise invalid(None, "lookalike_spec needs a country or a location_spec", "lookalike_spec")
    if ("type" in spec) is ("ratio" in spec):
        raise invalid(None, "lookalike_spec has a type or a ratio", "lookalike_spec")
    ratio = spec.get("ratio", 0.01)
    if not 0.01 <= ratio <= 0.20 or not 0 <= spec.get("starting_ratio", 0) < ratio:
        raise invalid(None, "ratio is 0.01 to 0.20, and starting_ratio below it", "lookalike_spec")


@serves("POST", "CustomAudience")
def update(ask: Ask) -> Json:
    """Change an audience. A list and a lookalike have no rule."""
    check_name(ask.params)
    if "rule" in ask.params and ask.node.get("subtype") in ("CUSTOM", "LOOKALIKE"):
        raise Refusal("(#2654) Failed to update custom audience: it is not made by a rule", code=2654)
    change(ask, ask.node, readable(ask, "CustomAudience", ask.params), "time_updated")
    return SUCCESS


@serves("DELETE", "CustomAudience", "CustomConversion")
def delete(ask: Ask) -> Json:
    """Delete an audience."""
    gone(ask, ask.node)
    return SUCCESS


# -- people -----------------------------------------------------------------------------------------------------------


@serves("POST", "CustomAudience/users")
@serves("DELETE", "CustomAudience/users")
def users(ask: Ask) -> Json:
    """Add people to an audience, or take them away."""
    return _receive(ask)


@serves("POST", "CustomAudience/usersreplace")
def replace_users(ask: Ask) -> Json:
    """Everybody in the audience at the end is somebody of this session."""
    if ask.node.get("subtype") != "CUSTOM":
        raise invalid(None, "Only customer lists can be replaced", code=2650)
    need(ask.params, "session")
    memory, key = ask.graph.world.store.memory, ("replace", ask.node.id)
    session, moment_now = ask.params["session"], ask.graph.clock()
    running = memory.get(key)
    if session.get("batch_seq") == 1:
        running = memory[key] = {"id": session.get("session_id"), "since": moment_now, "finished": False}
    if running is None or running["id"] != session.get("session_id"):
        raise invalid(NO_FIRST_BATCH, "The first batch of the session is missing", code=2650)
    if moment_now - running["since"] > SESSION:
        raise invalid(SESSION_OVER, "The session is older than 90 minutes", code=2650)
    if running["finished"]:
        raise invalid(SESSION_FINISHED, "The session is finished", code=2650)
    answer = _receive(ask, BATCH_TOO_LARGE)
    running["finished"] = bool(session.get("last_batch_flag"))
    return answer


def _receive(ask: Ask, too_large: int | None = None) -> Json:
    need(ask.params, "payload")
    _check_terms(ask)
    if (ask.node.get("operation_status") or {}).get("code") == FLAGGED:
        raise invalid(FLAGGED_UPLOAD, "The audience is flagged")
    schema, rows = _payload(ask.params["payload"])
    if len(rows) > MAX_ROWS:
        raise invalid(too_large, f"At most {MAX_ROWS} rows per request", "payload", code=2650 if too_large else 100)
    wrong = [row for row in rows if not _is_usable(schema, row)]
    when = int(now(ask).timestamp())
    change(ask, ask.node, {"time_content_updated": when}, "time_updated")
    session = ask.params.get("session") or {}
    return {
        "audience_id": ask.node.id,
        "session_id": str(session.get("session_id", ask.graph.world.store.new_id("77"))),
        "num_received": len(rows),
        "num_invalid_entries": len(wrong),
        "invalid_entry_samples": {},
    }


def _payload(payload: Json) -> tuple[list[str], list[list[Json]]]:
    """The schema as a list, and the rows as lists."""
    schema, rows = payload.get("schema"), payload.get("data")
    if not schema or not isinstance(rows, list) or not rows:
        raise invalid(None, "payload needs schema and data", "payload")
    keys = schema if isinstance(schema, list) else [schema]
    return keys, [row if isinstance(row, list) else [row] for row in rows]


def _is_usable(schema: list[str], row: list[Json]) -> bool:
    """Tell whether each value is a hash, or of a key that is not hashed, or empty; and something is there."""
    if len(row) != len(schema) or not any(row):
        return False
    return all(
        value in ("", None) or key in PLAIN_KEYS or bool(_HASH.fullmatch(str(value).split("_")[0]))
        for key, value in zip(schema, row, strict=True)
    )


# -- sharing ----------------------------------------------------------------------------------------------------------


@serves("POST", "CustomAudience/adaccounts")
def share(ask: Ask) -> Json:
    """Share an audience with ad accounts."""
    need(ask.params, "adaccounts")
    partners = [_partner(ask, item) for item in ask.params["adaccounts"]]
    store = ask.graph.world.store
    before = () if ask.params.get("replace") else store.links.get((ask.node.id, "adaccounts"), ())
    store.links[ask.node.id, "adaccounts"] = tuple(dict.fromkeys((*before, *partners)))
    return {"success": True, "sharing_data": [{"ad_acct_id": item[4:], "business_id": None} for item in partners]}


@serves("DELETE", "CustomAudience/adaccounts")
def unshare(ask: Ask) -> Json:
    """Take an audience back from ad accounts."""
    need(ask.params, "adaccounts")
    for item in ask.params["adaccounts"]:
        ask.graph.world.store.unlink(ask.node.id, "adaccounts", _partner(ask, item))
    return SUCCESS


def _partner(ask: Ask, account_id: Json) -> str:
    """The node of an account named without `act_`."""
    if str(account_id).startswith("act_"):
        raise invalid(None, "adaccounts are ids without act_", "adaccounts")
    node = ask.graph.find(f"act_{account_id}")
    if node is None:
        raise unknown_node(str(account_id), ask.call.method)
    return node.id


@serves("GET", "CustomAudience/ads")
def ads_using(ask: Ask) -> EdgeListing:
    """The ads whose ad set aims at the audience, or leaves it out."""
    store = ask.graph.world.store
    users = [item for item in store.children(f"act_{ask.node.account}", "adsets") if _aims_at(item, ask.node.id)]
    return EdgeListing([ad for ad_set in users for ad in store.children(ad_set.id, "ads")])


@serves("GET", "CustomAudience/health")
def health(ask: Ask) -> EdgeListing:
    """Figures of a value-based audience; the demo has none."""
    return EdgeListing([])


def _aims_at(ad_set: GraphNode, audience_id: str) -> bool:
    spec = ad_set.get("targeting") or {}
    audiences = (*spec.get("custom_audiences", []), *spec.get("excluded_custom_audiences", []))
    return any(item.get("id") == audience_id for item in audiences)


@serves("GET", "CustomAudience/shared_account_info")
def sharing(ask: Ask) -> EdgeListing:
    """The accounts that the audience is shared with."""
    world = ask.graph.world
    rows = [
        {
            "account_id": account.account,
            "account_name": account.get("name"),
            "business_id": world.business_id,
            "business_name": clients.AGENCY,
            "sharing_status": "ACTIVE",
        }
        for account in world.store.children(ask.node.id, "adaccounts")
    ]
    return EdgeListing(rows)
