"""What the handlers of writes share: reading params into fields, making nodes, keeping Graph's rules of status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from meta_ads_mcp.sandbox.edges.edit_log import log_changes
from meta_ads_mcp.sandbox.edges.registry import Ask
from meta_ads_mcp.sandbox.refusal import Refusal, invalid, is_required, unknown_node
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world.build import stamp
from meta_ads_mcp.sandbox.world.structure import effective_status

Json = Any
SUCCESS = {"success": True}
DELIVERING = frozenset({"Campaign", "AdSet", "Ad"})
_DELETED, _ARCHIVED = 1487056, 1487566
# The edges on which a kind of object is listed below its account and its parents.
EDGES = {"Campaign": "campaigns", "AdSet": "adsets", "Ad": "ads"}
PARENTS = {"AdSet": ("campaign_id",), "Ad": ("adset_id", "campaign_id")}


def need(params: Mapping[str, Json], *names: str) -> None:
    """Refuse a call in which a param is missing or empty."""
    for name in names:
        if params.get(name) in (None, "", {}):
            raise is_required(name)


def account_of(ask: Ask) -> GraphNode:
    """The ad account that the node belongs to."""
    node = ask.graph.find(f"act_{ask.node.account}")
    if node is None:
        raise unknown_node(ask.node.id)
    return node


def zone_of(ask: Ask) -> ZoneInfo:
    """Return the time zone of the account that the node belongs to."""
    account = ask.graph.find(f"act_{ask.node.account}")
    return ZoneInfo(str(account.get("timezone_name")) if account else "UTC")


def now(ask: Ask) -> datetime:
    """Return the time of the call in the account's time zone."""
    return ask.graph.clock().astimezone(zone_of(ask))


def moment(ask: Ask, value: Json) -> datetime:
    """A time of a param: Unix seconds, or ISO 8601, in the account's zone where it names none."""
    text = str(value)
    if text.isdigit():
        return datetime.fromtimestamp(int(text), zone_of(ask))
    try:
        time_value = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(None, f"{text!r} is not a time") from None
    return time_value if time_value.tzinfo else time_value.replace(tzinfo=zone_of(ask))


def readable(ask: Ask, kind: str, params: Mapping[str, Json]) -> dict[str, Json]:
    """The params that are fields too, as Graph gives them back: budgets as text, times in the account's zone."""
    field_types = ask.graph.spec.fields(kind)
    values = {
        name: _format_value(ask, field_types[name], value) for name, value in params.items() if name in field_types
    }
    return values | ({"adlabels": label_rows(ask, values["adlabels"])} if "adlabels" in values else {})


def _format_value(ask: Ask, kind: str, value: Json) -> Json:
    if kind == "datetime" and str(value) == "0":
        return None
    if kind == "datetime":
        return stamp(moment(ask, value).astimezone(zone_of(ask)))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if kind == "string" and is_number else value


def known_node(ask: Ask, kind: str, node_id: Json) -> GraphNode:
    """The object of an id in a param, of this account. An unknown one is refused as Graph does, 100/33."""
    node = ask.graph.find(str(node_id))
    if node is None or node.type != kind or node.account not in ("", ask.node.account):
        raise unknown_node(str(node_id), ask.call.method)
    return node


def make(
    ask: Ask, kind: str, fields: Mapping[str, Json], links: Iterable[tuple[str, str]], prefix: str = ""
) -> GraphNode:
    """A new node, first in the lists (parent id, edge) that it belongs to."""
    store = ask.graph.world.store
    new_id = str(fields.get("id") or (store.new_id(prefix) if prefix else store.new_id()))
    node = store.add(GraphNode(new_id, kind, {**fields, "id": new_id}, ask.node.account))
    for parent, edge in links:
        store.link(parent, edge, [new_id])
    return node


def make_label(ask: Ask, name: str) -> GraphNode:
    """Make a label of the account."""
    account = f"act_{ask.node.account}"
    when = stamp(now(ask))
    fields = {"name": name, "account": {"id": account}, "created_time": when, "updated_time": when}
    return make(ask, "AdLabel", fields, [(account, "adlabels")])


def label_rows(ask: Ask, items: Iterable[Json]) -> list[dict[str, Json]]:
    """Return labels as an object shows them. They are named by id or by name; a name that no label has makes one."""
    labels = [_find_label(ask, item) for item in items or ()]
    return [{"id": label.id, "name": label.get("name")} for label in {label.id: label for label in labels}.values()]


def _find_label(ask: Ask, item: Json) -> GraphNode:
    if not isinstance(item, dict) or not (item.get("id") or item.get("name")):
        raise invalid(None, "A label is named by its id or its name", "adlabels")
    labels = ask.graph.world.store.children(f"act_{ask.node.account}", "adlabels")
    for label in labels:
        if str(item.get("id")) == label.id or ("id" not in item and item["name"] == label.get("name")):
            return label
    if "id" in item:
        raise invalid(None, f"Label {item['id']} does not exist", "adlabels")
    return make_label(ask, str(item["name"]))


def make_delivering(ask: Ask, kind: str, fields: Mapping[str, Json]) -> GraphNode:
    """A new campaign, ad set or ad in all lists above it; its effective status follows from its parents'."""
    store, moment_now = ask.graph.world.store, stamp(now(ask))
    new_id = store.new_id()
    values = {
        "id": new_id,
        "account_id": ask.node.account,
        "status": "PAUSED",
        "created_time": moment_now,
        "updated_time": moment_now,
        **fields,
        "effective_status": lambda: effective_status(store, new_id),
    }
    values["configured_status"] = values["status"]
    parents = [f"act_{ask.node.account}", *(str(values[name]) for name in PARENTS.get(kind, ()))]
    return make(ask, kind, values, [(parent, EDGES[kind]) for parent in parents])


def change(ask: Ask, node: GraphNode, fields: Mapping[str, Json], time_field: str = "updated_time") -> None:
    """Set fields of a node and the time of the change, and log it where the node is one that delivers."""
    if node.type in DELIVERING:
        log_changes(ask, node, fields, now(ask))
    fields = {name: None if name == "adlabels" and not value else value for name, value in fields.items()}
    more = {"configured_status": fields["status"]} if "status" in fields and node.type in DELIVERING else {}
    field_types = ask.graph.spec.fields(node.type)
    when: dict[str, Json] = {}
    if time_field in field_types:
        moment_now = now(ask)
        when = {time_field: stamp(moment_now) if field_types[time_field] == "datetime" else int(moment_now.timestamp())}
    ask.graph.world.store.patch(node.id, {**fields, **more, **when})


def check_editable(node: GraphNode, params: Mapping[str, Json]) -> None:
    """An archived object takes a name and DELETED, a deleted one a name. docs: manage-your-ad-object-status"""
    field_names = params.keys() - {"execution_options", "name"}
    status = node.get("status")
    if status == "DELETED" and field_names:
        raise invalid(_DELETED, "A deleted object cannot be edited; only its name can", *sorted(field_names))
    if status == "ARCHIVED" and (
        field_names - {"status"} or params.get("status", "DELETED") not in ("DELETED", "ARCHIVED")
    ):
        raise invalid(_ARCHIVED, "An archived object can only be renamed or deleted", *sorted(field_names))


def check_open(node: GraphNode) -> None:
    """Nothing new goes into what is deleted or archived."""
    if node.get("status") in ("DELETED", "ARCHIVED"):
        subcode = _DELETED if node.get("status") == "DELETED" else _ARCHIVED
        raise invalid(subcode, f"{node.type} {node.id} is {str(node.get('status')).lower()}")


def check_new_status(params: Mapping[str, Json]) -> None:
    """Refuse a status that a new object cannot have."""
    if params.get("status", "PAUSED") not in ("ACTIVE", "PAUSED"):
        raise invalid(None, "status can only be ACTIVE or PAUSED during creation", "status")


def check_name(params: Mapping[str, Json]) -> None:
    """Refuse an empty name."""
    if "name" in params and not str(params["name"]).strip():
        raise invalid(None, "name cannot be empty", "name")


def allow(ask: Ask, kind: str, object_id: str, *, most: int, within: timedelta, refusal: Refusal) -> None:
    """Count a change of an object; the one after `most` within that time is refused."""
    memory, moment_now = ask.graph.world.store.memory, ask.graph.clock().timestamp()
    recent = [when for when in memory.get((kind, object_id), ()) if when > moment_now - within.total_seconds()]
    if len(recent) >= most:
        raise refusal
    memory[kind, object_id] = [*recent, moment_now]


def gone(ask: Ask, node: GraphNode) -> None:
    """Take the node out of the world: from now on its id is unknown, and no list has it."""
    store = ask.graph.world.store
    store.remove(node.id)
    for (parent, edge), children in list(store.links.items()):
        if node.id in children:
            store.unlink(parent, edge, node.id)
