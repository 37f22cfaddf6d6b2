"""A process that is killed in the middle of a write loses nothing and makes nothing twice.

The sandbox stands behind a real socket; the server's own command runs in a child that ends at a planned place, and then
once more as a user would run it again.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.core.changes import JournalEntry
from meta_ads_mcp.engine.writes.journal import FILE, Journal
from meta_ads_mcp.sandbox import DEMO_TOKEN, SandboxTransport, World
from tests.support.clock import FakeClock
from tests.support.crash_child import KILLED
from tests.support.fake_transport import FakeTransport
from tests.support.loopback import serving
from tests.support.mcp_process import ROOT, environment

pytestmark = [pytest.mark.loopback, pytest.mark.real_time]
NEVER = "never:0:never"
QUARTER_HOUR = 900


@pytest.fixture(scope="module")
def graph() -> Iterator[FakeTransport]:
    sandbox = SandboxTransport(World(today=datetime.now(UTC), accounts=2, ads=40))
    sandbox.usage.account_percent = 0
    with serving(sandbox) as running:
        yield running


@dataclass
class Child:
    """Runs the command against the sandbox, with one state folder."""

    graph: FakeTransport
    home: Path

    def run(self, kill: str, tool: str, arguments: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The exit code, and the answer where there is one."""
        command = [sys.executable, "-m", "tests.support.crash_child", kill, "call", tool, "--json"]
        variables = {
            "META_ACCESS_TOKEN": DEMO_TOKEN,
            "META_ADS_GRAPH_URL": self.graph.url,
            "META_ADS_ALLOW_WRITES": "true",
        }
        ended = subprocess.run(
            [*command, json.dumps(arguments)],
            env=environment(self.home, **variables),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        found = json.loads(ended.stdout) if ended.stdout.strip() else {}
        assert ended.returncode in (0, 1, KILLED), ended.stderr
        assert found or ended.returncode == KILLED, ended.stderr
        return ended.returncode, found

    @property
    def store(self) -> Any:
        return self.graph.sandbox.world.store

    def named(self, name: str) -> int:
        return sum(node.get("name") == name for node in self.store.nodes.values())

    def entries(self) -> list[JournalEntry]:
        return Journal(self.home, FakeClock()).entries()

    def grow_old(self) -> None:
        """Let a quarter of an hour pass since what is in the journal."""
        path = self.home / FILE
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for line in lines:
            line["started"] = line.get("started", 0) - QUARTER_HOUR - 1
            line["graph_time"] = line.get("graph_time", 0) - QUARTER_HOUR - 1
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


# Where it ends; how many objects there are then; the journal's word; the second answer; how many objects in the end.
STEPS = [
    ("append:1:before", 0, None, "success", 1),
    ("append:1:half", 0, None, "success", 1),
    ("append:1:after", 0, "unknown_outcome", "unknown_outcome", 0),
    ("send:1:after", 1, "unknown_outcome", "success", 1),
    ("append:2:half", 1, "unknown_outcome", "success", 1),
    ("append:2:after", 1, "success", "success", 1),
    ("append:3:half", 1, "success", "success", 1),
]


@pytest.mark.parametrize(("kill", "made", "word", "second", "in_the_end"), STEPS)
def test_a_killed_create(
    graph: FakeTransport, tmp_path: Path, kill: str, made: int, word: str | None, second: str, in_the_end: int
) -> None:
    child, name = Child(graph, tmp_path), f"Killed at {kill}"
    account = f"act_{graph.sandbox.world.account_ids[0]}"
    given = {"account_id": account, "name": name, "objective": "OUTCOME_TRAFFIC", "idempotency_key": kill}
    code, answer = child.run(kill, "ads_create_campaign", given)
    assert (code, child.named(name)) == (KILLED, made), answer
    assert [entry.status for entry in child.entries()] == ([word] if word else [])
    if word:
        assert child.entries()[0].after["name"] == name
    code, answer = child.run(NEVER, "ads_create_campaign", given)
    assert child.named(name) == in_the_end, answer
    if second == "success":
        assert (code, answer["data"]["status"]) == (0, "success")
        assert child.store.nodes[answer["data"]["id"]].get("name") == name
        return
    assert (code, answer["error"]["kind"]) == (1, second)
    child.grow_old()
    code, answer = child.run(NEVER, "ads_create_campaign", given)
    assert (code, answer["error"]["kind"], child.named(name)) == (1, second, 0)
    code, answer = child.run(NEVER, "ads_create_campaign", {**given, "idempotency_key": f"{kill} again"})
    assert (code, child.named(name)) == (0, 1)


@pytest.mark.parametrize(
    ("kill", "done", "word"),
    [
        ("send:1:after", True, "unknown_outcome"),
        ("append:2:after", True, "success"),
    ],
)
def test_a_killed_update(graph: FakeTransport, tmp_path: Path, kill: str, done: bool, word: str) -> None:
    """The journal tells what was there; to do it again does no harm."""
    child = Child(graph, tmp_path)
    campaign = child.store.children(f"act_{graph.sandbox.world.account_ids[0]}", "campaigns")[0]
    old, new = campaign.get("name"), f"Renamed, {kill}"
    code, answer = child.run(kill, "ads_update_campaign", {"campaign_id": campaign.id, "name": new})
    assert code == KILLED, answer
    (entry,) = child.entries()
    assert (entry.status, entry.before["name"], entry.after["name"]) == (word, old, new)
    assert child.store.nodes[campaign.id].get("name") == (new if done else old)
    code, answer = child.run(NEVER, "ads_update_campaign", {"campaign_id": campaign.id, "name": new})
    assert (code, answer["data"]["status"]) == (0, "success")
    assert child.store.nodes[campaign.id].get("name") == new


@pytest.mark.parametrize(("kill", "ads"), [("append:2:after", 0), ("send:2:after", 1)])
def test_a_killed_write_of_several_steps(graph: FakeTransport, tmp_path: Path, kill: str, ads: int) -> None:
    """What was made is told; the rest is not made by itself, and nothing is made twice."""
    child, name = Child(graph, tmp_path), f"Bundle killed at {kill}"
    account = f"act_{graph.sandbox.world.account_ids[1]}"
    ad_sets = [one for one in child.store.children(account, "adsets") if one.get("effective_status") == "ACTIVE"]
    source = next(one for one in ad_sets if len(child.store.children(one.id, "ads")) > 1)
    given = {"account_id": account, "source_ad_set_id": source.id, "idempotency_key": kill}
    given |= {"target_ad_set": {"name": name}}
    code, answer = child.run(kill, "ads_clone_ad_set_bundle", given)
    assert (code, child.named(name)) == (KILLED, 1), answer
    code, answer = child.run(NEVER, "ads_clone_ad_set_bundle", given)
    assert (code, answer["error"]["kind"]) == (1, "unknown_outcome")
    (new,) = [node for node in child.store.nodes.values() if node.get("name") == name]
    assert f"AdSet {new.id}" in answer["error"]["message"]
    assert len(child.store.children(new.id, "ads")) == ads
