"""TOML (Codex), YAML (Goose), and how opencode and Zed write entries: those of their own commands, and odd files."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from meta_ads_mcp.cli.install import jsonc, toml_text, yaml_text
from meta_ads_mcp.cli.install.clients import CLIENTS
from meta_ads_mcp.cli.install.document import InvalidDocument
from meta_ads_mcp.cli.install.install import ServerEntry, add_entry, remove_entry

ENTRY = ServerEntry(r"C:\Program Files\py\meta-ads-mcp.exe", ("--profile", 'a "b"'), {"META_ADS_STATE_DIR": "/srv/ü"})

# Written by `codex mcp add meta-ads --env META_ACCESS_TOKEN=x -- meta-ads-mcp --demo` (Codex 0.171), with more around.
CODEX = """\
# mine
model = "gpt-5"
notes = \"\"\"
[mcp_servers.meta-ads]
\"\"\"

[mcp_servers.meta-ads]
command = "meta-ads-mcp"  # by hand
args = [
  "--demo",  # for now
]
startup_timeout_sec = 30

[mcp_servers.meta-ads.env]
META_ACCESS_TOKEN = "x"

[mcp_servers.meta-ads.tools.ads_get_insights]
approval_mode = "approve"

[tui]
theme = "a"
"""
# Written by `goose configure` (Goose 1.x), with comments of a user.
GOOSE = """\
GOOSE_MODEL: gpt-5  # mine
extensions:
  developer:
    enabled: true
    type: builtin
  meta-ads:
    enabled: false  # off for now
    type: stdio
    name: meta-ads
    cmd: meta-ads-mcp
    args:
    - --demo
    envs:
      META_ACCESS_TOKEN: x
    env_keys: []
    timeout: 60
    available_tools: []
# last words
GOOSE_PROVIDER: openai
"""


def install(client: str, text: str, entry: ServerEntry = ENTRY) -> str:
    """The file's text after an installation, which a second one leaves alone."""
    new = add_entry(text, CLIENTS[client], entry)
    assert add_entry(new, CLIENTS[client], entry) == new
    return new


def without_entry(client: str, text: str) -> dict[str, Any]:
    data = CLIENTS[client].format.load(text)
    (data.get(CLIENTS[client].key) or {}).pop("meta-ads", None)
    return data


def test_an_entry_of_codex_gets_the_command_and_keeps_the_rest() -> None:
    new = install("codex", CODEX)
    entry = tomllib.loads(new)["mcp_servers"]["meta-ads"]
    assert (entry["command"], entry["args"]) == (ENTRY.command, list(ENTRY.args))
    assert entry["env"] == {"META_ACCESS_TOKEN": "x", **ENTRY.env}
    assert entry["startup_timeout_sec"] == 30
    assert entry["tools"] == {"ads_get_insights": {"approval_mode": "approve"}}
    assert without_entry("codex", new) == without_entry("codex", CODEX)
    for comment in ("# mine", "# by hand"):
        assert comment in new
    removed = remove_entry(new, CLIENTS["codex"])
    assert tomllib.loads(removed) == {key: value for key, value in tomllib.loads(CODEX).items() if key != "mcp_servers"}


def test_an_entry_of_goose_gets_the_command_and_keeps_the_rest() -> None:
    new = install("goose", GOOSE)
    entry = yaml.safe_load(new)["extensions"]["meta-ads"]
    assert (entry["cmd"], entry["args"]) == (ENTRY.command, list(ENTRY.args))
    assert entry["envs"] == {"META_ACCESS_TOKEN": "x", **ENTRY.env}
    assert (entry["enabled"], entry["timeout"]) == (False, 60)
    assert without_entry("goose", new) == without_entry("goose", GOOSE)
    for comment in ("# mine", "# off for now", "# last words"):
        assert comment in new
    removed = remove_entry(new, CLIENTS["goose"])
    assert yaml.safe_load(removed) == without_entry("goose", GOOSE)
    assert "# last words" in removed


TOML_FILES = {
    "empty": "",
    "blank": "\n\n",
    "comment": "# nothing yet\n",
    "no line end": 'model = "x"',
    "CRLF": 'model = "x"\r\n\r\n[tui]\r\na = 1\r\n',
    "table of servers": "[mcp_servers]\n\n[tui]\na = 1\n",
    "quoted": '[mcp_servers."meta-ads"]\ncommand = "old"\n',
    "dotted": '[mcp_servers]\nmeta-ads.command = "old"\nmeta-ads.args = []\n',
    "array of tables": '[[profiles]]\nname = "a"\n[[profiles]]\nname = "b"\n',
    "inline env": '[mcp_servers.meta-ads]\ncommand = "old"\nenv = { A = "1" } # keep\n',
    "date and float": "d = 2026-01-01\nf = 1.50\n",
    "servers on one line": 'mcp_servers = { other = { command = "old" } } # all\n',
    "entry on one line": 'mcp_servers = { meta-ads = { command = "old" } }\n',
    "entry first": '[mcp_servers.meta-ads]\ncommand = "old"\n[other]\na = "#"\n',
}


@pytest.mark.parametrize("text", TOML_FILES.values(), ids=TOML_FILES)
def test_toml_keeps_everything_else(text: str) -> None:
    new = install("codex", text)
    assert tomllib.loads(new)["mcp_servers"]["meta-ads"]["command"] == ENTRY.command
    assert without_entry("codex", new).get("tui") == tomllib.loads(text).get("tui")
    assert ("\r\n" in new) == ("\r\n" in text)
    for line in text.splitlines():
        assert line in new or "meta-ads" in line or "old" in line or "args" in line or "env" in line
    removed = tomllib.loads(remove_entry(new, CLIENTS["codex"]))
    assert "meta-ads" not in removed.get("mcp_servers", {})


@pytest.mark.parametrize(
    "text",
    [
        "mcp_servers = 1\n",
        "a = \n",
        "[a\n",
        'a = "secret\n',
        "a = 1\na = 2\n",
        "[" * 3000,
    ],
)
def test_toml_that_cannot_be_edited_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        install("codex", text)
    assert "secret" not in str(caught.value)


YAML_FILES = {
    "empty": "",
    "comment": "# nothing yet\n",
    "only a document mark": "---\n",
    "other keys": "GOOSE_MODEL: x\n",
    "no line end": "GOOSE_MODEL: x",
    "null extensions": "a: 1\nextensions:\nb: 2\n",
    "empty extensions": "extensions: {}\n",
    "flow": "extensions: {developer: {enabled: true}}\n",
    "comment at the end": "extensions:\n  a:\n    enabled: true\n  # about b\nb: 1\n",
    "four spaces": "extensions:\n    a:\n        enabled: true\n",
    "multi-line text": "extensions:\n  a:\n    description: |\n      meta-ads:\n        x\n    enabled: true\nz: 1\n",
    "flow entry": "extensions:\n  meta-ads: {cmd: old, args: [x], enabled: false}\n",
    "sequence in line with its key": "extensions:\n  meta-ads:\n    args:\n    - x\n    - y\n    cmd: old\n",
}


@pytest.mark.parametrize("text", YAML_FILES.values(), ids=YAML_FILES)
def test_yaml_keeps_everything_else(text: str) -> None:
    new = install("goose", text)
    entry = yaml.safe_load(new)["extensions"]["meta-ads"]
    assert (entry["cmd"], entry["args"], entry["envs"]) == (ENTRY.command, list(ENTRY.args), ENTRY.env)
    before, after = without_entry("goose", text), without_entry("goose", new)
    assert {**before, "extensions": before.get("extensions") or {}} == after
    if "{" not in text:
        removed = yaml.safe_load(remove_entry(new, CLIENTS["goose"]))
        assert removed["extensions"] == after["extensions"]


@pytest.mark.parametrize(
    "text",
    [
        "- a\n",
        "text\n",
        "a: b: c\n",
        "a: 'secret\n",
        "\ta: 1\n",
        "a: 1\n---\nb: 2\n",
        "extensions: [a]\n",
        "a: !!python/x 1\n",
    ],
)
def test_yaml_that_cannot_be_edited_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        install("goose", text)
    assert "secret" not in str(caught.value)


NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=6)
VALUES = NAMES | st.integers(-9, 9) | st.booleans() | st.lists(NAMES, max_size=3)
TABLES = st.dictionaries(NAMES, VALUES, max_size=3)
NEW = {"cmd": "x", "args": ["- a", "#"], "envs": {"A": "ü"}}


@settings(max_examples=40, deadline=None)
@given(servers=st.dictionaries(NAMES, TABLES, max_size=3), other=TABLES)
def test_what_is_set_and_removed_in_toml_is_all_that_changes(servers: dict[str, Any], other: dict[str, Any]) -> None:
    form, dump = toml_text.TomlFormat(), toml_text.dump
    lines = [f"{dump(name)} = {dump(value)} # c" for name, value in other.items() if name != "s"]
    for name, table in servers.items():
        lines += [f"[s.{dump(name)}] # t", *(f"{dump(key)}={dump(value)}" for key, value in table.items()), ""]
    text = "\n".join([*lines, ""])
    before = tomllib.loads(text)
    new = form.set_member(text, ["s", "meta-ads"], NEW)
    data = tomllib.loads(new)
    assert data["s"].pop("meta-ads") == NEW
    assert {"s": {}, **before} == data
    assert tomllib.loads(form.remove_member(new, ["s", "meta-ads"])) == before


@settings(max_examples=40, deadline=None)
@given(servers=st.dictionaries(NAMES, TABLES, min_size=1, max_size=3))
def test_what_is_set_and_removed_in_yaml_is_all_that_changes(servers: dict[str, Any]) -> None:
    form = yaml_text.YamlFormat()
    text = yaml.safe_dump({"a": 1, "extensions": servers, "z": ["x"]}, allow_unicode=True, sort_keys=False)
    before = form.load(text)
    new = form.set_member(text, ["extensions", "meta-ads"], NEW)
    data = yaml.safe_load(new)
    assert data["extensions"].pop("meta-ads") == NEW
    assert data == before
    assert yaml.safe_load(form.remove_member(new, ["extensions", "meta-ads"])) == before


def test_opencode_gets_its_first_form_unless_the_file_has_the_second() -> None:
    first = jsonc.parse(install("opencode", ""), comments=True).data
    assert first["mcp"]["meta-ads"] == {
        "type": "local",
        "command": [ENTRY.command, *ENTRY.args],
        "environment": ENTRY.env,
        "enabled": True,
    }
    text = '{ "mcp": { "servers": { "other": { "type": "local", "command": ["x"] } } } } // mine\n'
    new = install("opencode", text)
    entry = jsonc.parse(new, comments=True).data["mcp"]["servers"]["meta-ads"]
    assert entry == {"type": "local", "command": [ENTRY.command, *ENTRY.args], "environment": ENTRY.env}
    assert "// mine" in new
    assert "meta-ads" not in remove_entry(new, CLIENTS["opencode"])


def test_opencode_keeps_what_the_user_switched_off(tmp_path: Path) -> None:
    text = '{"mcp": {"meta-ads": {"type": "local", "command": ["old", "--x"], "enabled": false, "timeout": 9}}}'
    entry = jsonc.parse(install("opencode", text), comments=True).data["mcp"]["meta-ads"]
    assert (entry["command"], entry["enabled"], entry["timeout"]) == ([ENTRY.command, *ENTRY.args], False, 9)


def test_the_old_form_of_zed_keeps_its_variables() -> None:
    command = '{"path": "a", "args": [], "env": {"A": "1"}}'
    old = f'{{"context_servers": {{"meta-ads": {{"source": "custom", "command": {command}}}}}}}'
    entry = jsonc.parse(install("zed", old), comments=True).data["context_servers"]["meta-ads"]
    assert entry == {
        "source": "custom",
        "command": ENTRY.command,
        "args": list(ENTRY.args),
        "env": {"A": "1", **ENTRY.env},
    }
