"""A confirmation holds for exactly what the person saw: for no other file, and for no other objects of a rule."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.safety import allowlist
from tests.support.sandbox_engine import SandboxEngine

ITEMS = "id,method,price\n{},DELETE,\n"
FEED = "id,title\n{},One\n"
Case = tuple[str, Callable[[SandboxEngine], dict[str, Any]], Callable[[SandboxEngine], None]]


def write(name: str, text: str) -> str:
    path = allowlist.bench().files / name
    path.write_text(text)
    return str(path)


def comments(made: SandboxEngine) -> dict[str, Any]:
    rules = {"contains_any": ["earn $500"], "since": "2026-11-01"}
    return {"action": "delete", "account_id": made.account, "rules": rules, "dry_run": False}


def exchange_comments(made: SandboxEngine) -> None:
    """Let as many other comments contain the words of the rule as before."""
    texts = {node.id: str(node.get("message")) for node in made.nodes("Comment")}
    hits = [key for key, text in texts.items() if "earn $500" in text.lower()]
    posts = {key.partition("_")[0] for key in hits}
    others = [key for key in texts if key not in hits and key.partition("_")[0] in posts]
    for hit, other in zip(hits, others[: len(hits)], strict=True):
        made.store.patch(other, {"message": texts[hit]})
        made.store.patch(hit, {"message": "Nice"})


CASES: dict[str, Case] = {
    "items of a file": (
        "ads_catalog_items_batch",
        lambda made: {
            "catalog_id": made.ids["catalog"],
            "file_path": write("items.csv", ITEMS.format("HP-00001")),
            "idempotency_key": "k",
        },
        lambda made: void(write("items.csv", ITEMS.format("HP-00002"))),
    ),
    "file of a feed": (
        "ads_catalog_create_feed_upload_session",
        lambda made: {
            "product_feed_id": made.ids["product_feed"],
            "file_path": write("feed.csv", FEED.format("A")),
            "update_only": False,
        },
        lambda made: void(write("feed.csv", FEED.format("B"))),
    ),
    "comments of a rule": ("ads_moderate_comments", comments, exchange_comments),
}


def void(value: object) -> None:
    """Drop a value."""


@pytest.mark.parametrize("case", CASES)
async def test_a_code_holds_for_what_was_shown_only(case: str, tmp_path: Path) -> None:
    tool, make, change = CASES[case]
    made = allowlist.bench().again(state_dir=tmp_path)
    arguments = make(made)
    question = await made.call(tool, arguments)
    code = question.structured["data"]["confirmation"]
    change(made)
    made.sandbox.log.clear()
    answer = await made.call(tool, {**arguments, "confirmation": code})
    assert made.writes == []
    assert answer.structured["data"]["status"] == "needs_confirmation"
    fresh = answer.structured["data"]["confirmation"]
    assert not (await made.call(tool, {**arguments, "confirmation": fresh})).is_error
