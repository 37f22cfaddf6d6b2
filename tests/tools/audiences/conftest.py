from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.engine.engine import Engine
from tests.support.scripted_graph import ScriptedGraph, engine

AUDIENCE = "700"


@pytest.fixture
def client(client: ScriptedGraph) -> ScriptedGraph:
    return with_audience(client)


def with_audience(client: ScriptedGraph) -> ScriptedGraph:
    """The account with a customer list of some thousand people."""
    client.objects[AUDIENCE] = {
        "id": AUDIENCE,
        "account_id": "1",
        "name": "Customers",
        "subtype": "CUSTOM",
        "operation_status": {"code": 200},
        "approximate_count_upper_bound": 5000,
    }
    return client


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Meta:
    """Takes batches as Meta does, and remembers them."""

    def __init__(self, client: ScriptedGraph) -> None:
        self.taken: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = []
        self.fail_at: tuple[int, Exception] | None = None
        for method, edge in (("POST", "users"), ("DELETE", "users"), ("POST", "usersreplace")):
            client.answers[method, f"{AUDIENCE}/{edge}"] = self.take

    def take(self, request: Request) -> dict[str, Any]:
        session, payload = request.params["session"], request.params["payload"]
        if self.fail_at and session["batch_seq"] == self.fail_at[0]:
            raise self.fail_at[1]
        self.taken.append((request.method, request.path.partition("/")[2], session, payload))
        return {
            "audience_id": AUDIENCE,
            "session_id": str(session["session_id"]),
            "num_received": len(payload["data"]),
            "num_invalid_entries": 0,
        }


@pytest.fixture
def meta(client: ScriptedGraph) -> Meta:
    return Meta(client)


@pytest.fixture
def server(client: ScriptedGraph, tmp_path: Path) -> Engine:
    (tmp_path / "uploads").mkdir()
    return engine(client, state_dir=tmp_path / "state", upload_roots=(str(tmp_path / "uploads"),))


def file_of(tmp_path: Path, content: str) -> str:
    path = tmp_path / "uploads" / "people.csv"
    path.write_text(content, encoding="utf-8")
    return str(path)


def adding(path: str, **more: Any) -> dict[str, Any]:
    return {"audience_id": AUDIENCE, "operation": "add", "file_path": path, **more}


async def sent(server: Engine, meta: Meta, path: str, **more: Any) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """The records that leave, by key, and the structured answer."""
    answer = await server.call("ads_update_audience_users", adding(path, **more))
    assert not answer.is_error, answer.text
    payload = meta.taken[-1][3]
    return [dict(zip(payload["schema"], row, strict=True)) for row in payload["data"]], answer.structured
