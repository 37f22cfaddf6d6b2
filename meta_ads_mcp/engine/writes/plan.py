"""Build the plan of a write from its arguments: convert values, read previous ones, collect reasons to ask."""

from __future__ import annotations

from dataclasses import replace

from meta_ads_mcp.core.arguments.graph_params import convert_money_and_times, graph_params, path_of
from meta_ads_mcp.core.nodes import node_kind
from meta_ads_mcp.core.params import marker
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, Tool
from meta_ads_mcp.core.units.unit_params import PlansUnit
from meta_ads_mcp.core.values.dates import ClockTime, check_clock_time
from meta_ads_mcp.core.write import Change, Plan, WriteParams
from meta_ads_mcp.domain.checked_read import read_as_kind
from meta_ads_mcp.domain.optimization.running_studies import read_for_change
from meta_ads_mcp.engine.writes.effects import confirmation_reasons
from meta_ads_mcp.engine.writes.question import describe_object
from meta_ads_mcp.engine.writes.spent import with_spend
from meta_ads_mcp.errors import InvalidArguments

# Always read: a person recognizes the object by them, and confirmation reasons depend on the status.
_IDENTITY = ("id", "name", "status")
# Always recorded with a change: policy and risk checks compare against them.
_RECORD_FIELDS = ("status", "name", "daily_budget", "lifetime_budget")


def reject_empty_update(tool: Tool, args: WriteParams) -> None:
    """Raise InvalidArguments for an update without anything to update. It reads nothing from Graph."""
    if tool.effect is not Effect.UPDATE or type(args).plan is not WriteParams.plan or isinstance(args, PlansUnit):
        return
    if not args.complete_values(graph_params(tool, args)):
        raise InvalidArguments(
            "There is nothing to update in this call.",
            "Give at least one field to change.",
            allowed=tuple(tool.parameter_names),
        )


async def build_plan(tool: Tool, args: WriteParams, call: Call, owner: str | None, account: Account | None) -> Plan:
    """Return the plan of a write.

    Raises NotFound if a value requires the currency or time zone of the account and `account` is None.
    """
    _check_clock_times(args, call, account)
    plan = await args.plan(call)
    if plan is not None:
        changes = [await with_spend(call, change, account) for change in plan.changes]
        return replace(plan, changes=[with_reasons(change, call.now().timestamp()) for change in changes])
    after = convert_money_and_times(args, graph_params(tool, args), tool, account)
    after = await args.complete_from_graph(call, args.complete_values(after))
    change = await _change(tool, args, call, after, owner, account)
    return Plan([change], f"{tool.title}: {describe_object(change)}.")


def _check_clock_times(args: WriteParams, call: Call, account: Account | None) -> None:
    """Reject times that the clocks of the account skip, and note those that occur twice."""
    for name, info in type(args).model_fields.items():
        value = getattr(args, name)
        if account is not None and isinstance(value, str) and marker(info, ClockTime) is not None:
            note = check_clock_time(name, value, account.timezone)
            if note is not None:
                call.note(note)


async def _change(
    tool: Tool, args: WriteParams, call: Call, after: Row, owner: str | None, account: Account | None
) -> Change:
    path = path_of(tool, args)
    subject = path.split("/", 1)[0]
    is_node = "/" not in path
    node = args.node_kind() or tool.node or "object"
    readable = tuple(name for name in after if name not in tool.write_only)
    page = await args.page_for_token(call) if tool.page_token else None
    # A new object has no values yet, but checks may require values of its parent.
    extra_fields = (*(readable if is_node else ()), *args.fields_to_read())
    kind = node if is_node else _kind_of_argument(tool, args, subject)
    # On an edge, the object before it is read to make sure of its kind, where a field can tell it.
    reads_first = tool.reads_before if is_node else bool(args.fields_to_read() or node_kind(kind).distinct_field)
    identity = _IDENTITY if is_node or args.fields_to_read() else _IDENTITY[:1]
    fields = [*(name for name in identity if name not in tool.write_only), *extra_fields]
    read = read_as_kind if kind == "AdAccount" and not is_node else read_for_change
    before = await read(call, subject, kind, fields, page) if reads_first else {}
    await args.preflight(call, before, after)
    request = Request(
        tool.endpoint.method if tool.endpoint else "POST",
        path,
        args.to_graph_params(dict(after), account),
        account=owner,
        page=page,
        repeatable=False,
        write=True,
        patience="upload" if tool.upload else "normal",
        # Meta limits changes of a budget. The first budget of a new ad set does not count.
        budget_change=is_node and node == "AdSet" and not {"daily_budget", "lifetime_budget"}.isdisjoint(after),
        spend_limit_change=node == "AdAccount" and not {"spend_cap", "spend_cap_action"}.isdisjoint(after),
        kind=kind or None,
    )
    is_new = tool.effect is Effect.CREATE and not is_node
    change = Change(
        tool.effect,
        request,
        node,
        object_id=None if is_new else subject,
        before={name: before.get(name) for name in (*readable, *_RECORD_FIELDS) if name in before},
        after=after,
        readable=readable,
        title=str(before.get("name") or before.get("message") or "")[:200],
        parent=subject if is_new else None,
        edge=path.rsplit("/", 1)[-1] if is_new else None,
        reasons=tuple(args.confirmation_reasons(before, after)),
        validate_only=tool.validate_only,
        context=before,
    )
    return with_reasons(await with_spend(call, change, account), call.now().timestamp())


def _kind_of_argument(tool: Tool, args: WriteParams, object_id: str) -> str:
    """Return the kind of the argument that names an object, or an empty text if it may be of several kinds."""
    kinds = [node.name for name, node in tool.ids.items() if getattr(args, name) == object_id]
    return kinds[0] if kinds and kinds[0] != "any" else ""


def with_reasons(change: Change, now: float) -> Change:
    """Return the change with the reasons to ask a person that follow from its effects. `now` is in Unix seconds."""
    return replace(change, reasons=tuple(dict.fromkeys((*change.reasons, *confirmation_reasons(change, now)))))
