"""What the commands print: for every terminal, encoding and pipe."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from meta_ads_mcp.cli.output import complain, say, say_block, say_json, say_unredacted, write_block
from meta_ads_mcp.sandbox import graph_error
from tests.cli.conftest import Terminal
from tests.support.mcp_process import MAX_SECONDS, SERVER, environment
from tests.support.programs import ROOT

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


# What can make a terminal do something, or show something else than is there.
CONTROLS = {
    "title (OSC 0)": "\x1b]0;owned\x07",
    "link (OSC 8)": "\x1b]8;;https://evil.example\x1b\\\\click\x1b]8;;\x1b\\\\",
    "clipboard (OSC 52)": "\x1b]52;c;cm0gLXJm\x07",
    "unfinished OSC": "\x1b]0;owned",
    "clear screen (CSI)": "\x1b[2J\x1b[H",
    "8-bit CSI and OSC": "\x9b2J\x9d0;owned\x9c",
    "device control": "\x1bP+q544e\x1b\\\\",
    "carriage return": "\rok    token  forged",
    "line break": "\r\nok    token  forged",
    "vertical tab and form feed": "\x0b\x0c\x08\x08\x7f",
    "line separators": "\u2028ok    token  forged\u2029\x85",
    "bidirectional override": "\u202eevil\u202c",
    "bidirectional isolate": "\u2066evil\u2069\u061c",
    "hidden characters": "\u200b\u200d\ufeff\U000e0041",
}
HOSTILE_NAME = f"Shop{''.join(CONTROLS.values())}"
# Every control character but the line break and the tab of our own lines, and all that orders or hides characters.
_DANGEROUS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200d\u2028-\u202e\u2066-\u2069\ufeff\U000e0041]")


def assert_harmless(output: str) -> None:
    assert _DANGEROUS.search(output) is None, repr(output)
    assert not any(line.startswith("ok    token  forged") for line in output.split("\n"))


def to_stderr(text: str) -> None:
    write_block(sys.stderr, text)


def to_json(text: str) -> None:
    say_json({text: [text, {"name": text}]})


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS)
@pytest.mark.parametrize("write", [say, complain, say_unredacted, say_block, to_stderr, to_json])
def test_every_way_of_output_cleans_what_it_prints(
    control: str, write: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    is_block = write in (say_block, to_stderr)  # several lines are what a block is for
    write(f"Shop{control.replace(chr(10), '') if is_block else control}end")
    output = "".join(capsys.readouterr())
    assert "Shop" in output
    assert_harmless(output)


@pytest.mark.parametrize(
    "command",
    [
        *[("doctor",), ("doctor", "--json"), ("tokens",), ("tokens", "--json")],
        *[("call", "ads_get_ad_accounts", "--format", kind) for kind in ("json", "table", "csv")],
        *[("call", "ads_get_campaigns", f"account_id={HOSTILE_NAME}"), ("call", HOSTILE_NAME), (HOSTILE_NAME,)],
        *[("call", "ads_get_campaigns", f"--{HOSTILE_NAME}"), ("doctor", "--profile", HOSTILE_NAME)],
        ("install", HOSTILE_NAME),
    ],
    ids=lambda command: " ".join(command).partition("Shop")[0],
)
def test_names_cannot_control_the_terminal(terminal: Terminal, command: tuple[str, ...]) -> None:
    nodes = terminal.graph.sandbox.world.store.nodes
    hostile = [node for node in nodes.values() if node.type in ("AdAccount", "User", "Business", "Page")]
    nodes |= {node.id: replace(node, fields={**node.fields, "name": HOSTILE_NAME}) for node in hostile}
    try:
        outputs = [*terminal.login()[1:], *terminal.run(*command)[1:]]
    finally:
        nodes |= {node.id: node for node in hostile}
    assert any("Shop" in output for output in outputs)
    for output in outputs:
        assert_harmless(output)


def test_an_error_of_graph_cannot_control_the_terminal(terminal: Terminal) -> None:
    terminal.login()
    faults = terminal.graph.sandbox.faults
    faults.add("campaigns", respond=graph_error(100, HOSTILE_NAME, error_user_title=HOSTILE_NAME), times=9)
    try:
        outputs = terminal.run("call", "ads_get_campaigns", f"account_id={first_account(terminal)}")[1:]
    finally:
        faults.clear()
    assert any("Shop" in output for output in outputs)
    for output in outputs:
        assert_harmless(output)


def first_account(terminal: Terminal) -> str:
    return f"act_{terminal.graph.sandbox.world.account_ids[0]}"


# Modules that write to a stream of the process: people's text, JSON lines with clean values, and JSON-RPC.
WRITERS = {"cli/output.py", "engine/telemetry.py"}


def test_only_one_module_writes_text_for_people() -> None:
    for path in (ROOT / "meta_ads_mcp").rglob("*.py"):
        name = path.relative_to(ROOT / "meta_ads_mcp").as_posix()
        writes = re.findall(
            r"\bprint\(|std(?:out|err)(?:\.buffer)?\.write|os\.write\(1", path.read_text(encoding="utf-8")
        )
        assert not writes or name in WRITERS, (name, writes)


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
