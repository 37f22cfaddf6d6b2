"""Rows without an id: new objects, each after a template, below existing objects or other new rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.spreadsheets import write_rows

COLUMNS = (
    *("level", "id", "parent_ref", "ref", "name", "status", "objective", "daily_budget", "labels", "template_id"),
    *("row_version", "link_url"),
)


def row(**cells: str) -> dict[str, str]:
    return {name: cells.get(name, "") for name in COLUMNS}


def tree(made: SandboxEngine) -> list[dict[str, str]]:
    ad_set = {"daily_budget": "25.00", "labels": "Spring", "template_id": made.ids["ad_set"]}
    objective = made.store.nodes[made.ids["unbudgeted"]].get("objective")
    return [
        row(level="ad", parent_ref="s", name="New ad", template_id=made.ids["ad"]),
        row(level="campaign", ref="c", name="New campaign", objective=objective),
        row(level="ad_set", parent_ref="c", ref="s", name="'=New", **ad_set),
    ]


async def test_new_rows_become_a_paused_tree_after_their_templates(tmp_path: Path) -> None:
    made = build_writer(upload_roots=(str(tmp_path),))
    path = tmp_path / "new.csv"
    write_rows(path, tree(made))
    call: dict[str, Any] = {"account_id": made.account, "file_path": str(path), "dry_run": False}
    data = await made.done("ads_import_structure", **call, idempotency_key="k")
    assert data["counts"] == {"success": 3}, data
    nodes = {line[1]: made.store.nodes[line[0]] for line in data["items"]["rows"]}
    campaign, ad_set, ad = nodes["New campaign"], nodes["=New"], nodes["New ad"]
    template = made.store.nodes[made.ids["ad_set"]]
    assert (ad_set.get("campaign_id"), ad.get("adset_id")) == (campaign.id, ad_set.id)
    assert {node.get("status") for node in nodes.values()} == {"PAUSED"}
    assert (ad_set.get("daily_budget"), ad_set.get("optimization_goal")) == ("2500", template.get("optimization_goal"))
    assert [label["name"] for label in ad_set.get("adlabels")] == ["Spring"]
    assert ad.get("creative")["id"] == made.store.nodes[made.ids["ad"]].get("creative")["id"]
    await made.done("ads_undo_change", unit_id=data["unit_id"], created="delete")
    assert {made.store.nodes[node.id].get("status") for node in nodes.values()} == {"DELETED"}


@pytest.mark.parametrize(
    ("index", "cells", "column"),
    [
        (0, {"template_id": ""}, "template_id"),
        (0, {"template_id": "1.2E+17"}, "template_id"),
        (0, {"parent_ref": "c"}, "parent_ref"),
        (0, {"link_url": "https://x.example"}, "link_url"),
        (1, {"name": ""}, "name"),
        (1, {"objective": ""}, "objective"),
        (1, {"status": "ACTIVE"}, "status"),
        (2, {"daily_budget": "25,00"}, "daily_budget"),
        (2, {"parent_ref": "nowhere"}, "parent_ref"),
    ],
)
async def test_a_new_row_that_lacks_something_is_refused(
    tmp_path: Path, index: int, cells: dict[str, str], column: str
) -> None:
    made = build_writer(upload_roots=(str(tmp_path),))
    rows = tree(made)
    rows[index] |= cells
    path = tmp_path / "new.csv"
    write_rows(path, rows)
    answer = await made.call("ads_import_structure", {"account_id": made.account, "file_path": str(path)})
    problems = answer.structured["error"]["rows"] if answer.is_error else answer.structured["data"]["refused"]
    assert (index + 2, column) in [(problem["row"], problem.get("column")) for problem in problems]
    assert made.writes == []
