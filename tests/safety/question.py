"""Property 3: the question has every amount, id and public text of the requests that follow, and these are the plan's.

What a person is asked is compared, as text, with what the sandbox receives after the yes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from meta_ads_mcp.core.request import wire
from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.sandbox import Logged
from meta_ads_mcp.sandbox.store import Snapshot
from tests.safety.policy import bench, draw_arguments
from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine
from tests.support.write_examples import WRITES

LONG_TEXT = "Our winter menu is here. " * 8 + "Buy at https://evil.example now"
_TEXTS = st.sampled_from((LONG_TEXT, 'He said "yes".\nSend 999 USD', "Short"))
_AMOUNT = re.compile(r".*(budget|budget_value|spend_cap|bid_amount|spend_target)")
_PUBLIC = frozenset({"message", "link", "title", "body", "caption"})
_ID = re.compile(r"(?<![0-9])[0-9]{13,}(?![0-9])")
# Tools whose plan is one request, but which send others that follow from its answer.
_SENDS_MORE = frozenset({"ads_upload_ad_video", "ads_update_audience_users", "ads_send_conversion_events"})
# Tools that copy creatives and videos: the question shows in what the copies differ.
_COPIES = frozenset({"ads_bulk_update", "ads_import_structure", "ads_copy_to_account"})
_TOOLS = [tool for tool in WRITES if tool.name not in _SENDS_MORE]

# Method, path, and parameters with JSON read.
Step = tuple[str, str, dict[str, Any]]


class UnseenRequest(AssertionError):
    """A request holds something that the question did not show, or is not in the plan."""


async def check(data: st.DataObject, tools: Sequence[Tool] = _TOOLS) -> None:
    """Make one call, once asked and once with a code, and raise UnseenRequest for what nobody saw."""
    tool = data.draw(st.sampled_from(tools))
    engine = bench().again()
    given = await draw_arguments(engine, tool, data)
    given |= {name: data.draw(_TEXTS) for name in ("message", "name") if name in given}
    before = engine.store.snapshot()
    person = Person(True)
    await engine.call(tool.name, given, person)
    for question in person.asked:
        _require_shown(tool, given, engine, question, before)
    await _compare_with_plan(bench().again(), tool, given)


def _require_shown(
    tool: Tool, given: Mapping[str, Any], engine: SandboxEngine, question: str, before: Snapshot
) -> None:
    """Raise UnseenRequest unless the text shows every amount, id and public text that was sent."""
    text = question + (_existing_content(before) if tool.name in _COPIES else "")
    missing = [part for entry in engine.writes for part in _missing(entry, text, before)]
    if missing:
        raise UnseenRequest(f"{tool.name} {given}: {missing[0]} is not in {question}")


def _existing_content(before: Snapshot) -> str:
    fields = [
        {name: value for name, value in node.fields.items() if not callable(value)}
        for node in before.nodes.values()
        if node.type in ("AdCreative", "AdVideo")
    ]
    return json.dumps(fields, ensure_ascii=False)


def _currency_of(entry: Logged, before: Snapshot) -> str:
    account = before.nodes.get(entry.path.partition("/")[0])
    return str(account.get("currency") if account and account.type == "AdAccount" else "USD")


def _missing(entry: Logged, question: str, before: Snapshot) -> Iterator[str]:
    params = {name: _read(text) for name, text in entry.params.items() if name != "access_token"}
    for node_id in _ID.findall(f"{entry.path} {json.dumps(params)}"):
        if (node_id in before.nodes or f"act_{node_id}" in before.nodes) and node_id not in question:
            yield f"the id {node_id} of {entry.path}"
    currency = _currency_of(entry, before)
    is_account = entry.path.startswith("act_") and "/" not in entry.path
    for name, value in _leaves(params):
        if _AMOUNT.fullmatch(name) and _is_amount(value):
            minor = round(float(value) * 100) if is_account else int(value)
            if minor and f"{minor / 100:,.2f} {currency}" not in question:
                yield f"{name} {value}"
        if name in _PUBLIC and isinstance(value, str) and json.dumps(value, ensure_ascii=False)[1:-1] not in question:
            yield f"the text {name} {value!r}"


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Return the plain values inside, each with the innermost key. Limits of a rule's change are budgets."""
    if isinstance(value, Mapping):
        in_currency = value.get("unit") == "ACCOUNT_CURRENCY"
        for key, item in value.items():
            is_budget = "unit" in value and (key == "limit" or (key == "amount" and in_currency))
            is_factor = key == "budget_value" and value.get("budget_value_type") == "MULTIPLIER"
            yield from _leaves(abs(item) if is_budget else item, "budget" if is_budget else "" if is_factor else key)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, name)
    else:
        yield name, value


def _is_amount(value: Any) -> bool:
    return not isinstance(value, bool) and re.fullmatch(r"[0-9]+(\.[0-9]+)?", str(value)) is not None


async def _compare_with_plan(engine: SandboxEngine, tool: Tool, given: Mapping[str, Any]) -> None:
    """Make the call of a client that cannot ask: what is sent with the code is what the plan has."""
    before = engine.store.snapshot()
    held = await engine.call(tool.name, given)
    data = held.structured.get("data")
    if not isinstance(data, dict) or data.get("status") != "needs_confirmation":
        return
    answer = await engine.call(tool.name, {**given, "confirmation": data["confirmation"]})
    if isinstance(data["plan"], Mapping):  # a unit: a table of what changes for which objects
        _require_shown(tool, given, engine, json.dumps(held.structured, ensure_ascii=False), before)
        return
    planned = [
        _step(row["method"], row["path"], {n: wire(v) for n, v in row["parameters"].items()}) for row in data["plan"]
    ]
    sent = [_step(entry.method, entry.path, entry.params) for entry in engine.writes]
    unplanned = [step for step in sent if not any(_follows(plan, step, before) for plan in planned)]
    unplanned = [step for step in unplanned if not _new_ids(step[1], before)]
    unsent = [plan for plan in planned if not any(_follows(plan, step, before) for step in sent)]
    if unplanned or (unsent and not answer.is_error):
        raise UnseenRequest(f"{tool.name} {given}: sent {sent}, planned {planned}")


def _follows(plan: Step, step: Step, before: Snapshot) -> bool:
    """Return whether a request is that of the plan. Only ids that did not exist then may be added."""
    added = {name: value for name, value in step[2].items() if plan[2].get(name) != value}
    return (
        plan[:2] == step[:2] and plan[2].keys() <= step[2].keys() and all(_new_ids(v, before) for v in added.values())
    )


def _new_ids(value: Any, before: Snapshot) -> bool:
    ids = _ID.findall(str(value))
    return bool(ids) and not any(node_id in before.nodes or f"act_{node_id}" in before.nodes for node_id in ids)


def _step(method: str, path: str, params: Mapping[str, str]) -> Step:
    return method, path, {name: _read(text) for name, text in params.items()}
