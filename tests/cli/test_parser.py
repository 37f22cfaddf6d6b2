"""The command line: help, mistakes, and options in any order."""

from __future__ import annotations

import pytest

from meta_ads_mcp.cli.commands import COMMANDS
from meta_ads_mcp.sandbox import DEMO_TOKEN
from tests.cli.conftest import Terminal
from tests.support.sandbox_engine import READ_ONLY

pytestmark = pytest.mark.loopback


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_has_an_example_and_no_foreign_flag(terminal: Terminal, name: str) -> None:
    code, out, _ = terminal.run(name, "--help")
    assert code == 0
    assert f"  meta-ads-mcp {name}" in out
    assert ("--toolsets" in out) == ("toolsets" in COMMANDS[name].flags)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("bogus",), "unknown command 'bogus'; commands are serve, login,"),
        (("--demo", "tolls"), "did you mean 'tools'?"),
        (("call",), "the following arguments are required: TOOL\n"),
        ((DEMO_TOKEN,), "unknown command"),
    ],
)
def test_mistake_is_answered_with_what_is_accepted(terminal: Terminal, arguments: tuple[str, ...], text: str) -> None:
    code, out, err = terminal.run(*arguments)
    assert (code, out) == (2, "")
    assert text in err


def test_allow_writes_before_a_command_does_not_take_its_name(terminal: Terminal) -> None:
    code, out, _ = terminal.run("--allow-writes", "tools", "--toolset", "budget")
    assert code == 0
    assert "ads_create_budget_schedule" in out


def test_toolset_of_writes_exists_although_writes_are_off(terminal: Terminal) -> None:
    code, out, err = terminal.run("tools", "--toolset", "budget")
    assert (code, out) == (0, "")
    assert "--allow-writes" in err


def test_doctor_reports_a_policy_that_stops_the_start(terminal: Terminal) -> None:
    terminal.patch.setenv("META_ADS_POLICY", "/no/such/policy.toml")
    code, out, _ = terminal.run("doctor", "--demo")
    assert code == 1
    assert "fail  start" in out
    assert "META_ADS_POLICY" in out


def test_second_login_says_that_it_replaces_the_active_profile(terminal: Terminal) -> None:
    terminal.login(DEMO_TOKEN)
    out = terminal.login(READ_ONLY, "reader")[1]
    assert "meta-ads-mcp tokens use default" in out
    assert "meta-ads-mcp tokens use default" in terminal.run("logout")[1]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_commands_options_and_tools(terminal: Terminal, shell: str) -> None:
    code, out, _ = terminal.run("completion", shell)
    assert code == 0
    for word in ("install", "allow-writes", "ads_get_insights"):
        assert word in out
