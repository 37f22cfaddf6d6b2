"""From a write tool's arguments to the change they mean: conversions, values before, reasons to ask."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from meta_ads_mcp.engine.guard import actions, reasons
from meta_ads_mcp.engine.plain import graph_params, path_of
from meta_ads_mcp.errors import InvalidArguments, NotFound
from meta_ads_mcp.spec.dates import UnixTime, to_unix
from meta_ads_mcp.spec.money import IsMoney, to_minor
from meta_ads_mcp.spec.params import Params, marker
from meta_ads_mcp.spec.ports import Account, Call
from meta_ads_mcp.spec.request import Request
from meta_ads_mcp.spec.result import Row
from meta_ads_mcp.spec.tool import Effect, Tool
from meta_ads_mcp.spec.write import Change, Plan

# Always read along: what a person recognises the object by, and what the reasons look at.
_KNOWN_BY = ("id", "name", "status")
# A field that only this kind of object has, and always has.
_OWN_FIELD = {"Campaign": "objective", "AdSet": "optimization_goal", "Ad": "adset_id"}


class Planned(Protocol):
    """The hooks of a write tool's class; all are optional.

    values(after)               completes the values where the tool itself says one, such as the status of a deletion
    fill(call, after)           the same, where that takes a look at Graph
    wire(after, account)        Graph's parameters, where they differ from the values
    node()                      the SDK class, where it depends on an argument
    page(call)                  the Page whose own token is needed, where no argument `page_id` says it (page_token)
    reads()                     fields to read with the values before, for `check` and `why`
    check(call, before, after)  the pre-flight that reads; raises InvalidArguments, or adds notes
    why(before, after)          more reasons to ask a person
    describe(call)              what the answer says besides, after the change
    plan(call), apply(…)        a write of several steps: these take the place of this module
    """

    def values(self, after: Row) -> Row: ...

    async def fill(self, call: Call, after: Row) -> Row: ...

    def wire(self, after: Row, account: Account | None) -> Row: ...

    def node(self) -> str: ...

    async def page(self, call: Call) -> str | None: ...

    def reads(self) -> tuple[str, ...]: ...

    async def describe(self, call: Call) -> Row: ...

    async def check(self, call: Call, before: Row, after: Row) -> None: ...

    def why(self, before: Row, after: Row) -> list[str]: ...

    async def plan(self, call: Call) -> Plan: ...


async def planned(tool: Tool, args: Params, call: Call, owner: str | None) -> Plan:
    """The plan of a write. Raises InvalidArguments for an update without anything to update."""
    if hasattr(args, "plan"):
        plan: Plan = await args.plan(call)
        return replace(plan, changes=[_completed(change) for change in plan.changes])
    account = await call.account(owner) if owner else None
    after = _converted(args, graph_params(tool, args), tool, account)
    after = args.values(after) if hasattr(args, "values") else after
    after = await args.fill(call, after) if hasattr(args, "fill") else after
    if tool.effect is Effect.UPDATE and not after:
        raise InvalidArguments(
            "There is nothing to update in this call.", "Give at least one field to change.", allowed=tuple(tool.sent)
        )
    change = await _change(tool, args, call, after, account)
    return Plan([change], f"{tool.title}: {described(change)}.")


async def _change(tool: Tool, args: Params, call: Call, after: Row, account: Account | None) -> Change:
    path = path_of(tool, args)
    subject = path.split("/", 1)[0]
    is_node = "/" not in path
    node = args.node() if hasattr(args, "node") else tool.node or "object"
    readable = tuple(name for name in after if name not in tool.unread)
    page = await _page(tool, args, call)
    more = args.reads() if hasattr(args, "reads") else ()
    before = await _before(tool, node, call, subject, (*readable, *more), page) if is_node and tool.reads_before else {}
    await args.check(call, before, after) if hasattr(args, "check") else None
    wired = args.wire(dict(after), account) if hasattr(args, "wire") else after
    request = Request(
        tool.endpoint.method if tool.endpoint else "POST",
        path,
        wired,
        account=account.id if account else None,
        page=page,
        repeatable=False,
        write=True,
        patience="upload" if tool.upload else "normal",
        budget_change=node == "AdSet" and not {"daily_budget", "lifetime_budget"}.isdisjoint(after),
        spend_limit_change=node == "AdAccount" and not {"spend_cap", "spend_cap_action"}.isdisjoint(after),
    )
    is_new = tool.effect is Effect.CREATE and not is_node
    change = Change(
        tool.effect,
        request,
        node,
        object_id=None if is_new else subject,
        before={name: before.get(name) for name in (*readable, "status", "name") if name in before},
        after=after,
        readable=readable,
        title=str(before.get("name") or before.get("message") or "")[:200],
        parent=subject if is_new else None,
        edge=path.rsplit("/", 1)[-1] if is_new else None,
        reasons=tuple(args.why(before, after)) if hasattr(args, "why") else (),
        validate_only=tool.validate_only,
    )
    return _completed(change)


def _completed(change: Change) -> Change:
    """With the reasons and policy words that follow from the values themselves."""
    why = dict.fromkeys((*change.reasons, *reasons(change.effect, change.before, change.after)))
    return replace(
        change, reasons=tuple(why), actions=change.actions | actions(change.effect, change.node, change.after)
    )


async def _page(tool: Tool, args: Params, call: Call) -> str | None:
    """The Page whose own token the requests need."""
    if not tool.page_token:
        return None
    page: str | None = await args.page(call) if hasattr(args, "page") else getattr(args, "page_id", None)
    return page


async def _before(
    tool: Tool, node: str, call: Call, object_id: str, readable: tuple[str, ...], page: str | None
) -> Row:
    """The values now. The object is one of the kind the tool changes: its own field says so.

    Raises NotFound for an id of another kind, which Graph would change without a word.
    """
    known_by = [name for name in _KNOWN_BY if name not in tool.unread]
    own = _OWN_FIELD.get(node)
    fields = dict.fromkeys([*known_by, *([own] if own else []), *readable])
    found = await call.graph.get(object_id, fields=list(fields), page=page)
    if own is not None and own not in found:
        raise NotFound(f"{object_id} is not a {node}.", "Check the id; it may be of another kind of object.")
    return found


def _converted(args: Params, values: Row, tool: Tool, account: Account | None) -> Row:
    """Money in the account's minor units, times as Unix seconds where Graph wants them."""
    names = {wired: name for name, wired in tool.sent.items()}
    converted: dict[str, Any] = {}
    for wired, value in values.items():
        info = type(args).model_fields[names[wired]]
        if marker(info, IsMoney) is not None and account is not None:
            converted[wired] = to_minor(value, account.currency)
        elif marker(info, UnixTime) is not None and account is not None:
            converted[wired] = to_unix(value, ZoneInfo(account.timezone_name))
        else:
            converted[wired] = value
    return converted


def described(change: Change) -> str:
    """The change with its real ids first: what a person has to see before anything somebody else wrote."""
    what = f"{change.node} {change.object_id}" if change.object_id else f"new {change.node} in {change.parent}"
    return f"{what}{f' ({change.title!r})' if change.title else ''}"
