"""Lines on standard input that are not messages: each request among them is answered, and the server lives on."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.sandbox import DEMO_TOKEN
from meta_ads_mcp.server.input_lines import MAX_LINE_BYTES, answer_to, invalid_reply, top_level_id
from tests.support.loopback import serving
from tests.support.mcp_process import MAX_SECONDS, MODERN, SERVER, McpProcess, environment

CALL = '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"ads_find_tools","arguments":{"query":%s}}}'
# Name → (line, id of the answer, code of the error).
BROKEN: dict[str, tuple[str, Any, int]] = {
    "half an emoji": (CALL % '"\\ud83d"', 7, -32600),
    "a long number": (CALL % ("1" * 6000), 7, -32700),
    "deep nesting": (CALL % ("[" * 5000 + "]" * 5000), 7, -32700),
    "cut off": ('{"jsonrpc":"2.0","id":"a","method":"tools/li', "a", -32700),
    "not JSON": ("hello", None, -32700),
    "a batch": ('[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]', None, -32600),
    "no version": ('{"id":3,"method":"tools/list"}', 3, -32600),
    "no id": ('{"jsonrpc":"2.0","id":null,"method":"tools/list"}', None, -32600),
    "a fraction as id": ('{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}', None, -32600),
    "a list as id": ('{"jsonrpc":"2.0","id" : [1],"method":"tools/list"}', None, -32600),
    "an id inside": ('{"params":{"id":1},"jsonrpc":"2.0","id":2,"method":3}', 2, -32600),
}


class Lines(McpProcess):
    """A client that also sends lines that are not messages."""

    def exchange(self, line: str) -> dict[str, Any]:
        """Send a line as it is and return the next line of the server."""
        count = len(self.answers)
        self.send(line.encode() + b"\n")
        assert self.wait(lambda: len(self.answers) > count), self.log()[-300:]
        return self.answers[count]


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lines]:
    with Lines(tmp_path_factory.mktemp("home"), "--demo", era="2025-11-25") as running:
        yield running


@pytest.mark.parametrize(("line", "number", "code"), BROKEN.values(), ids=BROKEN)
def test_broken_line_is_answered_and_the_server_lives(wire: Lines, line: str, number: Any, code: int) -> None:
    answer = wire.exchange(line)
    assert (answer["id"], answer["error"]["code"]) == (number, code)
    assert wire.tools()


def test_line_that_is_not_utf8_is_answered_and_not_carried_out(wire: Lines) -> None:
    count = len(wire.answers)
    wire.send((CALL % '"caf\xe9"').encode("latin-1") + b"\n")
    assert wire.wait(lambda: len(wire.answers) > count)
    assert (wire.answers[count]["id"], wire.answers[count]["error"]["code"]) == (7, -32700)


def test_line_beyond_the_limit_is_answered(wire: Lines) -> None:
    answer = wire.exchange('{"jsonrpc":"2.0","id":9,"method":"' + "x" * MAX_LINE_BYTES + '"}')
    assert (answer["id"], answer["error"]["code"]) == (9, -32600)
    assert wire.tools()


@pytest.mark.parametrize("line", ["", "   ", '{"jsonrpc":"2.0","method":5}'])
def test_notification_gets_no_answer(line: str) -> None:
    assert answer_to(line) is None


@pytest.mark.parametrize("result", ["null", "[]", '"yes"', "1"])
def test_reply_without_a_usable_result_becomes_an_error_reply(result: str) -> None:
    reply = invalid_reply(f'{{"jsonrpc":"2.0","id":4,"result":{result}}}')
    assert reply is not None
    assert json.loads(reply)["id"] == 4
    assert "error" in json.loads(reply)


@given(st.dictionaries(st.text(), st.recursive(st.integers() | st.text(), st.lists)), st.integers(-9, 9) | st.text())
def test_id_of_a_message_is_read_wherever_it_stands(members: dict[str, Any], number: int | str) -> None:
    line = json.dumps({**members, "id": number})
    if len(line) < 200:
        assert top_level_id(line) == number
        assert top_level_id(line[:-1] + ', "open": ') == number


@pytest.mark.parametrize("era", [MODERN, "2025-11-25"])
def test_end_of_input_waits_for_a_change_that_was_sent(tmp_path: Path, era: str) -> None:
    sent, never = threading.Event(), threading.Event()
    with serving() as graph:
        world = graph.sandbox.world
        campaign = world.store.children(f"act_{world.account_ids[0]}", "campaigns")[0].id

        def answer_late(handler: BaseHTTPRequestHandler, _: object) -> bool:
            if handler.command == "POST":
                sent.set()
                never.wait(0.4)  # longer than the process would live without a change to wait for
            return False

        graph.spoil = answer_late
        settings = {"META_ACCESS_TOKEN": DEMO_TOKEN, "META_ADS_GRAPH_URL": graph.url}
        with McpProcess(tmp_path, "--allow-writes", era=era, **settings) as wire:
            call = {"name": "ads_update_campaign", "arguments": {"campaign_id": campaign, "name": "Last words"}}
            wire.send({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {**call, **wire._meta()}})
            assert sent.wait(MAX_SECONDS)
            assert wire.process.stdin is not None
            wire.process.stdin.close()
    lines = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line.get("status") for line in lines] == [None, "success"]


def test_process_ends_although_nobody_reads_its_output(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, *SERVER, "--demo", "--toolsets", "all"],
        env=environment(tmp_path),
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    info = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "mute", "version": "1"}}
    lines = [
        {"id": 0, "method": "initialize", "params": info},
        {"method": "notifications/initialized"},
        *({"id": number, "method": "tools/list"} for number in range(1, 12)),
    ]
    text = "".join(json.dumps({"jsonrpc": "2.0", **line}) + "\n" for line in lines)
    process.stdin.write(text.encode())
    process.stdin.close()
    started = time.monotonic()
    try:
        assert process.wait(MAX_SECONDS) == 0
    finally:
        process.kill()
        process.stdout.close()
    assert time.monotonic() - started < MAX_SECONDS
