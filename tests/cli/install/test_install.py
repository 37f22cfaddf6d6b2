"""Installing into the clients' files: on three systems, with everything else in the file kept."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.cli.install import config_file as files
from meta_ads_mcp.cli.install import jsonc
from meta_ads_mcp.cli.install.clients import CLIENTS
from meta_ads_mcp.cli.install.install import (
    Machine,
    Problem,
    ServerEntry,
    install,
    uninstall,
)

ENTRY = ServerEntry("/opt/bin/meta-ads-mcp", ("--profile", "acme"))
SYSTEMS = ("darwin", "win32", "linux")
SUPPORT = "Library/Application Support"
CLINE = "User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json"
DESKTOP = "Claude/claude_desktop_config.json"
PLACES = {
    ("claude-desktop", "darwin"): f"{SUPPORT}/{DESKTOP}",
    ("claude-desktop", "win32"): f"AppData/Roaming/{DESKTOP}",
    ("claude-desktop", "linux"): f".config/{DESKTOP}",
    ("vscode", "darwin"): f"{SUPPORT}/Code/User/mcp.json",
    ("vscode", "win32"): "AppData/Roaming/Code/User/mcp.json",
    ("vscode", "linux"): ".config/Code/User/mcp.json",
    **{("claude-code", system): ".claude.json" for system in SYSTEMS},
    **{("cursor", system): ".cursor/mcp.json" for system in SYSTEMS},
    **{("cline", system): ".cline/data/settings/cline_mcp_settings.json" for system in SYSTEMS},
    **{("codex", system): ".codex/config.toml" for system in SYSTEMS},
    **{("opencode", system): ".config/opencode/opencode.json" for system in SYSTEMS},
    **{("gemini-cli", system): ".gemini/settings.json" for system in SYSTEMS},
    **{("windsurf", system): ".codeium/windsurf/mcp_config.json" for system in SYSTEMS},
    **{("zed", system): ".config/zed/settings.json" for system in SYSTEMS},
    **{("goose", system): ".config/goose/config.yaml" for system in SYSTEMS},
    ("zed", "win32"): "AppData/Roaming/Zed/settings.json",
    ("goose", "win32"): "AppData/Roaming/Block/goose/config/config.yaml",
}
JSON_PLACES = [place for place in PLACES if isinstance(CLIENTS[place[0]].format, jsonc.JsonFormat)]
EVERYWHERE = pytest.mark.parametrize(("client", "system"), PLACES)
EVERY_JSON = pytest.mark.parametrize(("client", "system"), JSON_PLACES)


def machine(home: Path, system: Any = "linux", **environ: str) -> Machine:
    return Machine(system, home, environ)


def silent(_: str) -> None:
    """Nobody reads it."""


def put(client: str, at: Machine, entry: ServerEntry = ENTRY) -> list[str]:
    said: list[str] = []
    assert install(client, entry, at, said.append) == 0
    return said


def servers_in(path: Path, client: str) -> dict[str, Any]:
    """The servers of a client's file, whatever its format."""
    found: dict[str, Any] = CLIENTS[client].format.load(path.read_text(encoding="utf-8"))[CLIENTS[client].key]
    return found


def backups(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.*.bak"))


# --- where


@EVERYWHERE
def test_it_is_where_the_client_reads_it(tmp_path: Path, client: str, system: str) -> None:
    put(client, machine(tmp_path, system))
    path = tmp_path / PLACES[client, system]
    shape = CLIENTS[client].shape
    entry = servers_in(path, client)["meta-ads"]
    command = entry[shape.command]
    assert (command if shape.args is None else [command, *entry[shape.args]]) == [
        "/opt/bin/meta-ads-mcp",
        "--profile",
        "acme",
    ]
    assert [found for found in tmp_path.rglob("*") if found.is_file()] == [path]


@pytest.mark.parametrize(
    ("client", "system", "environ", "place"),
    [
        ("claude-code", "linux", {"CLAUDE_CONFIG_DIR": "elsewhere"}, "elsewhere/.claude.json"),
        ("claude-desktop", "linux", {"XDG_CONFIG_HOME": "xdg"}, f"xdg/{DESKTOP}"),
        ("claude-desktop", "win32", {"APPDATA": "roaming"}, f"roaming/{DESKTOP}"),
        ("vscode", "win32", {"APPDATA": "roaming"}, "roaming/Code/User/mcp.json"),
        ("codex", "darwin", {"CODEX_HOME": "elsewhere"}, "elsewhere/config.toml"),
        ("opencode", "linux", {"XDG_CONFIG_HOME": "xdg"}, "xdg/opencode/opencode.json"),
        ("zed", "linux", {"XDG_CONFIG_HOME": "xdg"}, "xdg/zed/settings.json"),
        ("goose", "linux", {"XDG_CONFIG_HOME": "xdg"}, "xdg/goose/config.yaml"),
    ],
)
def test_the_environment_moves_it(
    tmp_path: Path, client: str, system: str, environ: dict[str, str], place: str
) -> None:
    put(client, machine(tmp_path, system, **{name: str(tmp_path / value) for name, value in environ.items()}))
    assert (tmp_path / place).is_file()


PACKAGED = f"AppData/Local/Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/{DESKTOP}"


@pytest.mark.parametrize(("usual", "expected"), [(False, [PACKAGED]), (True, [PACKAGED, f"AppData/Roaming/{DESKTOP}"])])
def test_the_packaged_desktop_app_of_windows_reads_a_folder_of_its_own(
    tmp_path: Path, usual: bool, expected: list[str]
) -> None:
    (tmp_path / "AppData/Local/Packages/Claude_pzs8sxrjxfjjc").mkdir(parents=True)
    if usual:
        (tmp_path / "AppData/Roaming/Claude").mkdir(parents=True)
    put("claude-desktop", machine(tmp_path, "win32"))
    assert sorted(str(found.relative_to(tmp_path).as_posix()) for found in tmp_path.rglob("*.json")) == expected


@pytest.mark.parametrize("system", SYSTEMS)
def test_clines_extension_keeps_its_list_in_each_editor(tmp_path: Path, system: str) -> None:
    at = machine(tmp_path, system)
    places = [at.config / editor / CLINE for editor in ("Code", "Cursor")]
    for place in places:
        place.parent.mkdir(parents=True)
    put("cline", at)
    assert all(place.is_file() for place in places)
    assert not (tmp_path / ".cline").exists()


# --- what is kept

CODEX = """# mine
model = "gpt-5"

[mcp_servers.other]  # first
command = "x"
args = [
  "]",  # not the end
]

[tui]
theme = "a"
"""
GOOSE = """# mine
GOOSE_PROVIDER: openai
extensions:
  developer:  # built in
    enabled: true
    type: builtin
    args:
    - a  # b
"""
CONTENTS = {"codex": CODEX, "goose": GOOSE}
COMMENTED = """{
    // my servers, do not lose this
    "inputs": [ {"id": "key", "type": "promptString",}, ],
    "servers": {
        /* first */
        "other": { "command": "x", "args": ["//not a comment", "/*nor this*/"] } // behind
        // last words
    },
}
"""
CONFIGS = {
    "comments": COMMENTED,
    "tabs and CRLF": '{\n\t"servers": {\n\t\t"other": {"a": 1}\n\t},\n\t"n": {}\n}\n'.replace("\n", "\r\n"),
    "on one line": '{"servers": {"other": {"command": "x"}}, "mcpServers": {}, "n": 1.50, "big": 12345678901234567890}',
    "empty object": "{}",
    "spread empty object": "{\n}\n",
    "no servers yet": '{\n  "numStartups": 12,\n  "unicode": "Ação \\u00e9 😀"\n}\n',
    "empty file": "",
    "blank file": " \n",
    "byte order mark": '\ufeff{\n  "a": 1\n}\n',
}


@pytest.mark.parametrize("content", CONFIGS.values(), ids=CONFIGS)
def test_everything_else_keeps_every_character(tmp_path: Path, content: str) -> None:
    at = machine(tmp_path)
    path = at.config / "Code" / "User" / "mcp.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content.encode())
    put("vscode", at)
    new = path.read_bytes().decode()
    for piece in re.findall(r"//[^\n\"]*$|/\*.*?\*/|\"[^\"]+\"|[0-9.]+|\ufeff", content, re.MULTILINE):
        assert piece in new
    assert jsonc.parse(new.removeprefix("\ufeff"), comments=True).data["servers"]["meta-ads"]["type"] == "stdio"
    assert ("\r\n" in new) == ("\r\n" in content)
    assert "\n" not in new.replace("\r\n", "") or "\r\n" not in content
    assert backups(path)[0].read_bytes() == content.encode()
    before = new
    put("vscode", at)
    assert path.read_bytes().decode() == before
    assert len(backups(path)) == 1
    uninstall("vscode", at, silent)
    left = path.read_bytes().decode()
    if content.strip() and "servers" in content and content != COMMENTED:
        assert left == content
    assert "meta-ads" not in left


def test_comments_survive_both_ways(tmp_path: Path) -> None:
    at = machine(tmp_path)
    path = at.config / "Code" / "User" / "mcp.json"
    path.parent.mkdir(parents=True)
    path.write_text(COMMENTED)
    put("vscode", at)
    uninstall("vscode", at, silent)
    assert path.read_text() == COMMENTED


@EVERY_JSON
def test_the_users_own_keys_of_the_entry_stay(tmp_path: Path, client: str, system: str) -> None:
    at, path, key = machine(tmp_path, system), tmp_path / PLACES[client, system], CLIENTS[client].key
    path.parent.mkdir(parents=True, exist_ok=True)
    own = {"command": "old", "args": ["--old"], "env": {"META_ACCESS_TOKEN": "mine"}, "disabled": False, "timeout": 90}
    path.write_text(json.dumps({key: {"before": {}, "meta-ads": own, "after": {}}}, indent=4))
    put(client, at)
    servers = json.loads(path.read_text())[key]
    assert list(servers) == ["before", "meta-ads", "after"]
    assert servers["meta-ads"] == own | CLIENTS[client].shape.members(ENTRY)


def test_a_variable_that_goes_along_joins_those_of_the_user(tmp_path: Path) -> None:
    path = tmp_path / ".cursor" / "mcp.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"mcpServers": {"meta-ads": {"env": {"META_ACCESS_TOKEN": "mine"}}}}))
    put("cursor", machine(tmp_path), ServerEntry("/x", (), {"META_ADS_STATE_DIR": "/srv"}))
    env = json.loads(path.read_text())["mcpServers"]["meta-ads"]["env"]
    assert env == {"META_ACCESS_TOKEN": "mine", "META_ADS_STATE_DIR": "/srv"}


@EVERYWHERE
def test_uninstall_takes_out_this_server_alone(tmp_path: Path, client: str, system: str) -> None:
    at, path, key = machine(tmp_path, system), tmp_path / PLACES[client, system], CLIENTS[client].key
    path.parent.mkdir(parents=True, exist_ok=True)
    content = CONTENTS.get(client) or json.dumps({"a": [1], key: {"other": {"command": "x"}}, "b": None}, indent=2)
    path.write_text(content)
    put(client, at)
    assert path.read_text() != content
    uninstall(client, at, silent)
    assert path.read_text() == content
    said: list[str] = []
    uninstall(client, at, said.append)
    assert "nothing changed" in said[0]
    assert path.read_text() == content


@EVERYWHERE
def test_uninstall_without_a_file_makes_none(tmp_path: Path, client: str, system: str) -> None:
    uninstall(client, machine(tmp_path, system), silent)
    assert not (tmp_path / PLACES[client, system]).exists()


# --- what is refused

BROKEN = [
    "{",
    "[]",
    "null",
    '"text"',
    '{"a": }',
    '{"a" 1}',
    "{'a': 1}",
    '{"a": 1} {}',
    "{]",
    '{"a": "\n"}',
    '{"a": 01}',
]
NO_OBJECTS = '{"mcpServers": [], "servers": [], "mcp": [], "context_servers": []}'


@pytest.mark.parametrize("content", [*BROKEN, NO_OBJECTS, "[" * 5000])
@pytest.mark.parametrize("client", sorted({client for client, _ in JSON_PLACES}))
def test_what_cannot_be_understood_is_left_alone(tmp_path: Path, client: str, content: str) -> None:
    at, path = machine(tmp_path), tmp_path / PLACES[client, "linux"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    with pytest.raises(Problem) as raised:
        put(client, at)
    assert str(path) in str(raised.value)
    assert path.read_text() == content
    assert backups(path) == []


@pytest.mark.parametrize("client", ["claude-desktop", "claude-code"])
@pytest.mark.parametrize("content", ['{"a": 1,}', '{// x\n"a": 1}', '{"a": [1,]}'])
def test_where_the_client_reads_plain_json_comments_are_a_mistake(tmp_path: Path, client: str, content: str) -> None:
    path = tmp_path / PLACES[client, "linux"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    with pytest.raises(Problem, match=r"line [12], column"):
        put(client, machine(tmp_path))
    assert path.read_text() == content


def test_what_is_no_text_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".claude.json").write_bytes(b'{"a": "\xff"}')
    with pytest.raises(Problem, match="UTF-8"):
        put("claude-code", machine(tmp_path))


def test_a_file_that_another_program_has_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("{}")
    old = files.read(path)
    path.write_text('{"theirs": 1}')
    with pytest.raises(Problem, match="another program"):
        files.write(path, old, '{"ours": 1}')
    assert path.read_text() == '{"theirs": 1}'


# --- the file itself


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o640])
def test_mode_and_links_are_kept_also_by_the_backup(tmp_path: Path, mode: int) -> None:
    real = tmp_path / "dotfiles" / "claude.json"
    real.parent.mkdir()
    real.write_text("{}")
    real.chmod(mode)
    (tmp_path / ".claude.json").symlink_to(real)
    put("claude-code", machine(tmp_path))
    assert (tmp_path / ".claude.json").is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == mode
    assert [stat.S_IMODE(backup.stat().st_mode) for backup in backups(real)] == [mode]
    assert {found.suffix for found in real.parent.iterdir()} == {".json", ".bak"}


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    put("claude-code", machine(tmp_path))
    assert stat.S_IMODE((tmp_path / ".claude.json").stat().st_mode) == 0o600


# --- what is started


def test_a_trailing_comma_stays_where_the_user_has_one(tmp_path: Path) -> None:
    path = tmp_path / PLACES["cursor", "linux"]
    path.parent.mkdir(parents=True)
    before = '{\n  "mcpServers": {\n    "other": {"command": "x"},\n  },\n}\n'
    path.write_text(before)
    put("cursor", machine(tmp_path))
    assert uninstall("cursor", machine(tmp_path), silent) == 0
    assert path.read_text() == before
