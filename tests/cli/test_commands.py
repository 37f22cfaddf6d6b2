"""The commands, as a person at a terminal types them, with Graph on a loopback address."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from keyring.backends.fail import Keyring as FailKeyring

from meta_ads_mcp.cli import login
from meta_ads_mcp.cli.commands import COMMANDS
from meta_ads_mcp.cli.parser import parse
from meta_ads_mcp.core.graph_versions import GRAPH_VERSION
from meta_ads_mcp.sandbox import DEMO_TOKEN
from tests.cli.conftest import Terminal
from tests.support.keyrings import SERVICE, using
from tests.support.sandbox_engine import APP, NO_ADS, OF_A_PAGE, READ_ONLY, USER_TOKEN

pytestmark = pytest.mark.loopback


# --- login


def test_login_checks_stores_and_says_what_the_token_can_do(terminal: Terminal) -> None:
    code, out, err = terminal.login()
    assert (code, err) == (0, "")
    assert terminal.backend.entries == {(SERVICE, "default"): DEMO_TOKEN}
    for said in (
        "EAAS…0000",
        "SYSTEM_USER",
        "Expires   never",
        "read and write",
        "ads_read",
        "Accounts  5",
        "'default'",
    ):
        assert said in out


def test_then_everything_works_without_a_variable(terminal: Terminal) -> None:
    terminal.login()
    assert terminal.run("doctor")[0] == 0
    code, out, _ = terminal.run("call", "ads_get_ad_accounts", "limit=2")
    assert code == 0
    assert json.loads(out)["page"]["count"] == 2


def test_a_token_that_only_reads_is_accepted_and_said_so(terminal: Terminal) -> None:
    code, out, _ = terminal.login(READ_ONLY)
    assert code == 0
    assert "read only: the token lacks ads_management" in out
    assert "Missing   leads_retrieval" in out


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (NO_ADS, "ads_read"),
        (OF_A_PAGE, "a Page"),
        ("EAAB" + "unknown" * 8, "190"),
        ("", "no token"),
        ("two words", "more than the token"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason_and_not_stored(
    terminal: Terminal, token: str, reason: str
) -> None:
    code, out, err = terminal.login(token)
    assert (code, out) == (1, "")
    assert reason in err
    assert terminal.backend.entries == {}
    assert "No profiles" in terminal.run("tokens")[1]


def test_without_a_keyring_nothing_is_sent_and_the_variable_is_named(terminal: Terminal) -> None:
    seen = len(terminal.graph.lines)
    with using(FailKeyring()):
        code, _, err = terminal.login()
    assert code == 1
    assert "no keyring back end" in err
    assert "META_ACCESS_TOKEN" in err
    assert len(terminal.graph.lines) == seen


def test_a_business_is_kept_with_the_profile(terminal: Terminal) -> None:
    business = next(node.id for node in terminal.graph.sandbox.world.store.nodes.values() if node.type == "Business")
    assert terminal.login(DEMO_TOKEN, "--business", business)[0] == 0
    terminal.run("call", "ads_get_ad_accounts")
    assert f"/{business}/owned_ad_accounts" in terminal.graph.lines[-1] + terminal.graph.lines[-2]


def test_a_business_that_the_token_cannot_read_is_refused(terminal: Terminal) -> None:
    code, _, err = terminal.login(DEMO_TOKEN, "--business", "123")
    assert code == 1
    assert "business 123" in err
    assert terminal.backend.entries == {}


def test_exchange_swaps_the_token_with_the_secret_in_a_body(terminal: Terminal) -> None:
    terminal.patch.setenv("META_APP_ID", APP.id)
    terminal.patch.setenv("META_APP_SECRET", APP.secret)
    code, out, _ = terminal.login(USER_TOKEN, "acme", "--exchange")
    assert code == 0
    assert terminal.backend.entries == {(SERVICE, "acme"): f"{USER_TOKEN}Long"}
    assert "Expires   20" in out
    assert any(line.startswith(f"GET /{GRAPH_VERSION}/oauth/access_token?") for line in terminal.graph.lines)


def test_exchange_without_the_secret_says_what_it_needs(terminal: Terminal) -> None:
    code, _, err = terminal.login(USER_TOKEN, "--exchange")
    assert code == 1
    assert "META_APP_SECRET" in err
    assert terminal.backend.entries == {}


def test_a_terminal_is_asked_without_echo_and_a_pipe_needs_the_option(terminal: Terminal) -> None:
    code, _, err = terminal.run("login", stdin=DEMO_TOKEN)
    assert code == 1
    assert "--token-stdin" in err
    terminal.patch.setattr(login.getpass, "getpass", lambda _: f"  {DEMO_TOKEN}\n")
    stdin = io.StringIO()
    stdin.isatty = lambda: True  # type: ignore[method-assign]
    assert login.read_token(stdin, piped=False) == DEMO_TOKEN


def test_a_byte_order_mark_of_a_shell_is_no_part_of_the_token() -> None:
    assert login.read_token(io.StringIO(f"\ufeff{DEMO_TOKEN}\r\n"), piped=True) == DEMO_TOKEN


# --- tokens, logout


def test_profiles_are_listed_switched_and_removed(terminal: Terminal) -> None:
    terminal.login(DEMO_TOKEN)
    terminal.login(READ_ONLY, "reader")
    lines = terminal.run("tokens")[1].splitlines()
    assert [line.split()[:2] for line in lines] == [["default", "EAAS…0000"], ["*", "reader"]]
    assert terminal.run("tokens", "use", "default")[0] == 0
    assert terminal.run("tokens")[1].startswith("* default")
    code, out, _ = terminal.run("logout", "default")
    assert code == 0
    assert "Meta still accepts" in out
    assert list(terminal.backend.entries) == [(SERVICE, "reader")]
    code, _, err = terminal.run("call", "ads_get_ad_accounts")
    assert code == 1
    assert "No stored profile is active" in err


def test_after_a_logout_the_environment_counts_again(terminal: Terminal) -> None:
    terminal.login(READ_ONLY)
    assert terminal.run("logout")[0] == 0
    terminal.patch.setenv("META_ACCESS_TOKEN", DEMO_TOKEN)
    assert terminal.run("call", "ads_get_ad_accounts", "limit=1")[0] == 0
    assert terminal.run("tokens")[1].startswith("* default")
    code, _, err = terminal.run("tokens", "use", "default")
    assert code == 1
    assert "META_ADS_PROFILE=default" in err


@pytest.mark.parametrize("arguments", [("tokens", "use"), ("tokens", "use", "nobody"), ("logout", "nobody")])
def test_names_that_are_not_there_fail(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    assert terminal.run(*arguments)[0] == 1


def test_a_chosen_profile_that_is_missing_fails_although_another_token_is_there(terminal: Terminal) -> None:
    terminal.patch.setenv("META_ACCESS_TOKEN", DEMO_TOKEN)
    code, out, _ = terminal.run("call", "ads_get_ad_accounts", "--profile", "acme")
    assert code == 1
    assert json.loads(out)["error"]["kind"] == "token"


# --- doctor, install


def test_doctor_fails_without_a_token(terminal: Terminal) -> None:
    code, out, _ = terminal.run("doctor", "--json")
    assert code == 1
    assert json.loads(out)["ok"] is False


def test_doctor_examines_the_sandbox_too(terminal: Terminal) -> None:
    seen = len(terminal.graph.lines)
    assert terminal.run("doctor", "--demo")[0] == 0
    assert len(terminal.graph.lines) == seen


def test_install_repeats_the_options_and_never_a_token(terminal: Terminal) -> None:
    terminal.patch.setenv("META_ACCESS_TOKEN", DEMO_TOKEN)
    terminal.patch.delenv("META_ADS_STATE_DIR")
    options = ("--profile", "acme", "--toolsets", "all", "--accounts", "act_1", "--allow-writes", "--demo")
    assert terminal.run("install", "claude-code", *options)[0] == 0
    entry = json.loads((terminal.home / ".claude.json").read_text())["mcpServers"]["meta-ads"]
    args = ["--demo", "--allow-writes", "--toolsets", "all", "--profile", "acme", "--accounts", "act_1"]
    assert entry["args"][-len(args) :] == args
    assert Path(entry["command"]).is_absolute()
    assert "env" not in entry
    parsed = parse(["serve", *args], COMMANDS)
    assert (parsed.allow_writes, parsed.profile, parsed.demo) == ("true", "acme", True)
    assert terminal.run("uninstall", "claude-code")[0] == 0
    assert json.loads((terminal.home / ".claude.json").read_text()) == {"mcpServers": {}}


def test_install_says_when_there_is_no_profile_yet(terminal: Terminal) -> None:
    assert "meta-ads-mcp login" in terminal.run("install", "cursor")[1]
    terminal.login()
    assert "meta-ads-mcp login" not in terminal.run("install", "cursor")[1]


def test_install_prints_for_every_other_client(terminal: Terminal) -> None:
    code, out, err = terminal.run("install", "print", "--allow-writes=ads_update_campaign")
    assert (code, err) == (0, "")
    entry = json.loads(out)["mcpServers"]["meta-ads"]
    assert "--allow-writes=ads_update_campaign" in entry["args"]


def test_a_file_that_cannot_be_understood_fails_the_command(terminal: Terminal) -> None:
    (terminal.home / ".claude.json").write_text("{broken")
    code, _, err = terminal.run("install", "claude-code")
    assert code == 1
    assert ".claude.json" in err


# --- usage


@pytest.mark.parametrize(
    "arguments",
    [
        ("login", DEMO_TOKEN),
        ("login", "a b"),
        ("login", f"--token={DEMO_TOKEN}"),
        ("login", "--business", "abc"),
        ("install", "emacs"),
        ("install",),
        ("uninstall", "print"),
        ("tokens", "drop", "x"),
        ("--no-such-option",),
        ("--no-such-option", "tools"),
        ("call",),
        ("call", "ads_get_ad_accounts", "limit"),
        ("call", "ads_get_ad_accounts", "--json", "[]"),
        ("call", "ads_get_ad_accounts", "--demo", "--nothing"),
        ("serve", "tools"),
        ("tools", "--toolset", "nonsense"),
    ],
)
def test_wrong_usage_exits_with_2_and_repeats_no_token(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    code, out, err = terminal.run(*arguments)
    assert (code, out) == (2, "")
    assert err


@pytest.mark.parametrize(
    "arguments",
    [
        "call ads_get_ad_accounts --demo limit=2",
        "--demo call ads_get_ad_accounts limit=2",
        '--toolsets all call --json {"limit":9} ads_get_ad_accounts --demo limit=2',
        "call --allow-writes ads_get_ad_accounts --demo limit=2",
        "call --allow-writes=ads_update_budget ads_get_ad_accounts --demo limit=2",
    ],
)
def test_options_of_a_call_stand_anywhere(terminal: Terminal, arguments: str) -> None:
    code, out, _ = terminal.run(*arguments.split())
    assert code == 0
    answer = json.loads(out)
    assert (answer["page"]["count"], answer["demo"]) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        ("", None),
        ("--allow-writes", "true"),
        ("--allow-writes --demo --toolsets all", "true"),
        ("--demo --allow-writes=a,b --toolsets all", "a,b"),
        ("serve --allow-writes a,b --demo", "a,b"),
        ("tokens --allow-writes use acme", "true"),
    ],
)
def test_writes_are_allowed_as_they_are_written(arguments: str, allowed: str | None) -> None:
    assert parse(arguments.split(), COMMANDS).allow_writes == allowed


@pytest.mark.parametrize(
    ("name", "value"),
    [("META_ADS_ALOW_WRITES", "true"), ("META_ADS_TOOLSETS", "nonsense"), ("META_ADS_POLICY", "/no/file")],
)
def test_a_setting_that_is_wrong_stops_with_one_line_that_names_it(terminal: Terminal, name: str, value: str) -> None:
    terminal.patch.setenv(name, value)
    code, out, err = terminal.run("tools")
    assert (code, out) == (2, "")
    assert name in err
    assert err.count("\n") == 1


def test_tools_are_listed(terminal: Terminal) -> None:
    code, out, _ = terminal.run("tools", "--toolset", "tokens", "--json")
    assert code == 0
    kinds = {row["name"]: row["kind"] for row in json.loads(out)}
    assert kinds["ads_register_token"] == "local"
    assert kinds["ads_list_tokens"] == "read"


# --- the start


def test_a_start_imports_neither_keyring_nor_httpx_nor_the_sandbox() -> None:
    """Seconds of start, and a locked keychain that would be waited for; asked of a process of its own."""
    program = (
        "import sys, os; os.environ.pop('META_ACCESS_TOKEN', None)\n"
        "from meta_ads_mcp.app import App; from meta_ads_mcp.settings import load\n"
        "App(load({})).catalogue; App(load({'META_ADS_DEMO': 'true'})).catalogue\n"
        "print([name for name in ('keyring', 'httpx', 'meta_ads_mcp.sandbox') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "[]"


def test_no_logger_writes_a_token_at_any_level(terminal: Terminal, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        terminal.patch.setenv("LOG_LEVEL", "DEBUG")
        terminal.login()
        terminal.run("call", "ads_get_ad_accounts", "limit=1")
        terminal.run("doctor")
    assert DEMO_TOKEN not in caplog.text


@pytest.mark.parametrize(("name", "file"), [("gemini", ".gemini/settings.json"), ("codex", ".codex/config.toml")])
def test_install_knows_other_names_and_other_formats(terminal: Terminal, name: str, file: str) -> None:
    assert terminal.run("install", name, "--demo")[0] == 0
    assert "--demo" in (terminal.home / file).read_text()
    assert terminal.run("uninstall", name)[0] == 0
    assert "--demo" not in (terminal.home / file).read_text()


# --- without a keyring


def test_a_token_is_kept_in_a_private_file_when_asked_for(terminal: Terminal) -> None:
    with using(FailKeyring()):
        code, out, _ = terminal.login(DEMO_TOKEN, "--file")
        path = terminal.home / "state" / "tokens.json"
        assert code == 0
        assert f"{path}, not encrypted" in out
        assert json.loads(path.read_text())["tokens"] == {"default": DEMO_TOKEN}
        assert os.name != "posix" or path.stat().st_mode & 0o777 == 0o600
        assert terminal.run("call", "ads_get_ad_accounts", "limit=1")[0] == 0
        assert "private file" in terminal.run("tokens")[1]
        assert terminal.run("doctor")[0] == 0
        assert "from the file of tokens" in terminal.run("logout")[1]
        assert not path.exists()


def test_moving_a_profile_between_file_and_keyring_leaves_one_copy(terminal: Terminal) -> None:
    path = terminal.home / "state" / "tokens.json"
    terminal.login(DEMO_TOKEN, "--file")
    assert terminal.backend.entries == {}
    terminal.login(DEMO_TOKEN)
    assert not path.exists()
    assert list(terminal.backend.entries) == [(SERVICE, "default")]
    terminal.login(DEMO_TOKEN, "--file")
    assert terminal.backend.entries == {}
    assert path.exists()


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_a_file_of_tokens_that_others_can_read_is_refused(terminal: Terminal) -> None:
    terminal.login(DEMO_TOKEN, "--file")
    (terminal.home / "state" / "tokens.json").chmod(0o644)
    code, out, _ = terminal.run("call", "ads_get_ad_accounts")
    assert code == 1
    assert "chmod 600" in out


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"tokens": 1}', "\xff"])
def test_a_broken_file_of_tokens_says_what_to_do(terminal: Terminal, content: str) -> None:
    terminal.login(DEMO_TOKEN, "--file")
    path = terminal.home / "state" / "tokens.json"
    path.write_bytes(content.encode("latin-1"))
    code, out, _ = terminal.run("call", "ads_get_ad_accounts")
    assert code == 1
    assert "login --file" in out
