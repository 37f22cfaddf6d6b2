"""What the commands print: for every terminal, encoding and pipe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal
from tests.support.mcp_process import MAX_SECONDS, SERVER, environment

pytestmark = pytest.mark.loopback


def run_command(command: str, home: Path, encoding: str) -> subprocess.CompletedProcess[str]:
    """Run a command whose output has this encoding."""
    return subprocess.run(
        [sys.executable, *SERVER, *command.split()],
        capture_output=True,
        encoding=encoding,
        env=environment(home, PYTHONIOENCODING=encoding),
        cwd=home,
        timeout=MAX_SECONDS,
        check=False,
    )


HOSTILE_NAME = "Shop\x1b]0;owned\x07\x1b[2J\r\nok    token  forged\u202e\U000e0041"


@pytest.mark.parametrize("command", [("doctor",), ("doctor", "--json"), ("call", "ads_get_ad_accounts")])
@pytest.mark.parametrize("kind", [(), ("--format", "table"), ("--format", "csv")])
def test_names_cannot_control_the_terminal(terminal: Terminal, command: tuple[str, ...], kind: tuple[str, ...]) -> None:
    nodes = terminal.graph.sandbox.world.store.nodes
    account = next(node for node in nodes.values() if node.type == "AdAccount")
    nodes[account.id] = replace(account, fields={**account.fields, "name": HOSTILE_NAME})
    try:
        logged_in = terminal.login()[1]
        text = terminal.run(*command, *(kind if command[0] == "call" else ()))[1]
    finally:
        nodes[account.id] = account
    for output in (logged_in, text):
        assert "Shop" in output
        assert not any(char in output for char in "\x1b\x07\r\u202e\U000e0041")
        assert not any(line.startswith("ok    token  forged") for line in output.splitlines())


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "cp932", "ascii"])
@pytest.mark.parametrize(
    "command", ["doctor --demo", "--help", "call --demo ads_get_ad_accounts --format table", "tokens --demo"]
)
def test_every_encoding_of_the_output_is_survived(tmp_path: Path, encoding: str, command: str) -> None:
    done = run_command(command, tmp_path, encoding)
    assert "Traceback" not in done.stderr
    assert done.returncode == 0


def test_json_stays_valid_in_an_old_encoding(tmp_path: Path) -> None:
    command = "call --demo ads_get_campaigns account_id=act_6186239390038494"
    plain = json.loads(run_command(command, tmp_path, "utf-8").stdout)
    old = json.loads(run_command(command, tmp_path, "cp1252").stdout)
    assert [row["name"] for row in old["data"]] == [row["name"] for row in plain["data"]]


@pytest.mark.parametrize(
    "command", ["tools", "call --demo ads_get_ad_accounts", "doctor --demo", "--help", "install print", "demo"]
)
def test_a_closed_pipe_is_survived(tmp_path: Path, command: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as output:
        done = subprocess.run(
            [sys.executable, *SERVER, *command.split()],
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(tmp_path),
            cwd=tmp_path,
            timeout=MAX_SECONDS,
            check=False,
        )
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert done.returncode == 0
