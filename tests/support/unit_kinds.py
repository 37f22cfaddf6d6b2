"""Every kind of bulk change, each of about 60 objects, on one sandbox world: with a fault at any of its requests."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from meta_ads_mcp.domain.copying import writable_creative
from meta_ads_mcp.sandbox import SandboxTransport
from meta_ads_mcp.sandbox.store import GraphNode, Snapshot
from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine
from tests.support.spreadsheets import edit_rows
from tests.support.unit_runs import OBJECTS, Killed, desk, editable, sixty_edits

UnitCall = tuple[str, dict[str, Any]]
# What is planned before the call whose requests are counted, such as a file that it imports.
Prepare = Callable[[SandboxEngine, Path], Awaitable[UnitCall]]
_FIELDS = (
    *("name", "status", "objective", "daily_budget", "lifetime_budget", "bid_amount", "end_time", "targeting"),
    *("optimization_goal", "promoted_object", "campaign_id", "adset_id", "creative", "title"),
)
_KINDS = ("Campaign", "AdSet", "Ad", "AdCreative", "AdLabel", "AdVideo")
MAX_REPEATS = 4

# The fault, and whether Graph has done the work before it.
FAULTS: Mapping[str, tuple[type[BaseException], bool]] = {
    "killed before": (Killed, False),
    "killed after": (Killed, True),
    "lost before": (httpx.ReadTimeout, False),
    "lost after": (httpx.ReadTimeout, True),
}


class FaultyTransport(httpx.AsyncBaseTransport):
    """Pass requests on to the sandbox, with a fault at one of them, counted from 0."""

    def __init__(self, sandbox: SandboxTransport, at: int, fault: str) -> None:
        self.sandbox, self.at, self.count = sandbox, at, 0
        self.error, self.after = FAULTS[fault]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        is_hit = self.count == self.at
        self.count += 1
        if is_hit and not self.after:
            raise self.error("a planned fault")
        response = await self.sandbox.handle_async_request(request)
        if is_hit:
            raise self.error("a planned fault")
        return response


def _ids(made: SandboxEngine, level: str, **fields: Any) -> list[str]:
    nodes = (node for node in editable(made, level) if all(node.get(name) == fields[name] for name in fields))
    return [node.id for node in nodes][:OBJECTS]


def _update(made: SandboxEngine, level: str, ids: list[str], **more: Any) -> UnitCall:
    select = {"level": level, "ids": ids}
    arguments = {"account_id": made.account, "select": select, "max_objects": OBJECTS, "idempotency_key": "key"}
    return "ads_bulk_update", {**arguments, "on_error": "continue", **more}


async def _mixed(made: SandboxEngine, folder: Path) -> UnitCall:
    return "ads_bulk_update", sixty_edits(made)


async def _statuses(made: SandboxEngine, folder: Path) -> UnitCall:
    ids = _ids(made, "ad", status="ACTIVE")
    call = {"account_id": made.account, "level": "ad", "ids": ids, "status": "PAUSED", "idempotency_key": "key"}
    return "ads_set_status", call


async def _budgets(made: SandboxEngine, folder: Path) -> UnitCall:
    nodes = [(level, node) for level in ("campaign", "ad_set") for node in editable(made, level)]
    with_budget = [(level, node) for level, node in nodes if node.get("daily_budget")][:OBJECTS]
    edits = [
        {"level": level, "id": node.id, "set": {"budget_change_percent": (10, -10)[index % 2]}}
        for index, (level, node) in enumerate(with_budget)
    ]
    call = {"account_id": made.account, "edits": edits, "idempotency_key": "key", "on_error": "continue"}
    return "ads_bulk_update", call


async def _names(made: SandboxEngine, folder: Path) -> UnitCall:
    return _update(made, "ad", _ids(made, "ad"), rename={"template": "{campaign} | {n:03}"})


async def _links(made: SandboxEngine, folder: Path) -> UnitCall:
    return _update(
        made, "ad", _ids(made, "ad"), set={"link_url": "https://shop.example/new", "url_tags": "utm_source=a"}
    )


async def _ends(made: SandboxEngine, folder: Path) -> UnitCall:
    return _update(made, "ad_set", _ids(made, "ad_set"), set={"end_time": "2027-03-01T00:00:00"})


async def _labels(made: SandboxEngine, folder: Path) -> UnitCall:
    call = {"operation": "apply", "names": ["New", "Other"], "level": "ad", "object_ids": _ids(made, "ad")}
    return "ads_update_ad_labels", {"account_id": made.account, **call, "idempotency_key": "key"}


async def _shift(made: SandboxEngine, folder: Path) -> UnitCall:
    call = {"level": "ad_set", "from_ids": ["worst"], "to_ids": ["best"], "percent": 10}
    return "ads_shift_budget", {"account_id": made.account, **call, "idempotency_key": "key"}


async def _tree(made: SandboxEngine, folder: Path) -> UnitCall:
    story = {"page_id": made.ids["page"], "link_url": "https://shop.example/a", "image_hash": made.ids["image"]}
    ad_sets = [
        {
            "name": f"Set {number}",
            "optimization_goal": "LINK_CLICKS",
            "targeting": {"geo_locations": {"countries": ["US"]}},
            "daily_budget": "20.00 USD",
            "ads": [
                {"name": f"Ad {number}.{index}", "creative": {**story, "message": f"Text {number}.{index % 3}"}}
                for index in range(11)
            ],
        }
        for number in range(5)
    ]
    plan = {"campaigns": [{"name": "Spring", "objective": "OUTCOME_TRAFFIC", "ad_sets": ad_sets}]}
    call = {"account_id": made.account, "plan": plan, "idempotency_key": "key", "on_error": "continue"}
    return "ads_bulk_create", call


async def _copy(made: SandboxEngine, folder: Path) -> UnitCall:
    campaign = max(editable(made, "campaign"), key=lambda node: len(made.store.children(node.id, "ads")))
    call: dict[str, Any] = {"campaign_id": campaign.id, "target_account_id": made.ids["other"], "budget_rate": 0.9}
    call |= {"on_unmapped": "drop", "idempotency_key": "key"}
    answer = await made.call("ads_copy_to_account", {**call, "dry_run": True})
    mapping: dict[str, dict[str, str]] = {}
    for choice in answer.structured.get("error", {}).get("choices", []):
        kind = str(choice["argument"]).removeprefix("mapping.")
        candidates = choice.get("candidates") or [{"id": choice["old"]}]
        mapping.setdefault(kind, {})[choice["old"]] = candidates[0]["id"]
    return "ads_copy_to_account", {**call, "mapping": mapping}


async def _import(made: SandboxEngine, folder: Path) -> UnitCall:
    path = (await made.data("ads_export_structure", account_id=made.account, levels=["ad"]))["path"]
    ids = _ids(made, "ad")

    def edit(row: dict[str, str]) -> None:
        if any(f".{key}." in row["row_version"] for key in ids):
            row["name"] += " *"

    edit_rows(path, edit)
    call = {"account_id": made.account, "file_path": path, "dry_run": False, "idempotency_key": "key"}
    return "ads_import_structure", {**call, "on_error": "continue"}


async def _undo(made: SandboxEngine, folder: Path) -> UnitCall:
    tool, arguments = await _statuses(made, folder)
    return "ads_undo_change", {"unit_id": (await made.done(tool, **arguments))["unit_id"]}


UNIT_KINDS: Mapping[str, Prepare] = {
    "mixed edits": _mixed,
    "statuses": _statuses,
    "budgets": _budgets,
    "names": _names,
    "links and URL tags": _links,
    "end times": _ends,
    "labels": _labels,
    "shift of budget": _shift,
    "tree": _tree,
    "copy to another account": _copy,
    "import of a file": _import,
    "undo": _undo,
}


async def run_unit(kind: str, at: int = -1, fault: str = "killed before") -> tuple[str, int]:
    """Carry out a unit with a fault at a request, and repeat the call in new processes until nothing is left.

    Return the state of the account as text, and how many requests the first call made.
    """
    folder = Path(tempfile.mkdtemp(prefix="state-"))
    made = desk(state_dir=folder)
    tool, arguments = await UNIT_KINDS[kind](made, folder)
    before = made.store.snapshot()
    transport = FaultyTransport(made.sandbox, at, fault)
    faulty = SandboxEngine(transport, made.clock, allow_writes=True, state_dir=folder)  # type: ignore[arg-type]
    with suppress(Killed):
        await faulty.call(tool, arguments, Person(True))
    await _end_tasks()
    made.clock.passed_s += 60
    for _ in range(MAX_REPEATS if at >= 0 else 0):
        again = SandboxEngine(made.sandbox, made.clock, allow_writes=True, state_dir=folder)
        answer = await again.call(tool, arguments, Person(True))
        data = {} if answer.is_error else answer.structured["data"]
        if data.get("status") == "success" or (kind == "undo" and answer.is_error):
            break
        # The answer says when the same call can decide more: a lost upload only after ten minutes.
        made.clock.passed_s += data.get("retry_after_seconds") or 0
    else:
        assert at < 0, [row for row in data.get("items", {}).get("rows", [answer.text]) if "success" not in row][:5]
    return describe(made, before), transport.count


async def _end_tasks() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    with suppress(Killed):
        await asyncio.gather(*others, return_exceptions=True)


def describe(made: SandboxEngine, before: Snapshot) -> str:
    """Return what a unit left: the changed objects, and the new ones by their content instead of their ids."""
    nodes = {key: node for key, node in made.store.nodes.items() if node.type in _KINDS}
    new = {key: node for key, node in nodes.items() if key not in before.nodes}
    lines = [
        f"{node.type} {'' if key in new else key} {json.dumps(_values(made, node), sort_keys=True, default=str)}"
        for key, node in nodes.items()
        if node is not before.nodes.get(key)
    ]
    text = "\n".join(lines)
    for key, node in new.items():
        text = text.replace(key, f"new {node.type} {node.get('name') or node.get('title')}")
    return "\n".join(sorted(text.splitlines()))


def _values(made: SandboxEngine, node: GraphNode) -> dict[str, Any]:
    if node.type == "AdCreative":
        return dict(writable_creative(node.fields))
    values = {name: node.get(name) for name in _FIELDS if node.get(name) is not None}
    values["adlabels"] = [label["name"] for label in node.get("adlabels") or ()]
    if values.get("creative"):
        values["creative"] = writable_creative(made.store.nodes[values["creative"]["id"]].fields)
    return values
