"""What the entry of this server says, and what is remarked about it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.cli.install.install import (
    print_entry,
    remarks,
    server_entry,
)
from meta_ads_mcp.settings import Settings

from .test_install import PLACES, machine, put


def _which(found: str | None) -> Any:
    return lambda _: found


@pytest.mark.parametrize(
    ("python", "script", "uvx", "command"),
    [
        ("venv/bin/python", True, "/usr/bin/uvx", ["{home}/venv/bin/meta-ads-mcp"]),
        ("venv/bin/python", True, None, ["{home}/venv/bin/meta-ads-mcp"]),
        ("venv/bin/python", False, "/usr/bin/uvx", ["{home}/venv/bin/python", "-m", "meta_ads_mcp"]),
        (".cache/uv/archive-v0/x/bin/python", True, "/usr/bin/uvx", ["/usr/bin/uvx", "meta-ads-local-mcp"]),
        (".cache/uv/archive-v0/x/bin/python", True, None, ["{home}/.cache/uv/archive-v0/x/bin/meta-ads-mcp"]),
    ],
)
@pytest.mark.skipif(os.name != "posix", reason="paths of POSIX")
def test_the_command_is_absolute_and_will_stay(
    tmp_path: Path, python: str, script: bool, uvx: str | None, command: list[str]
) -> None:
    home = tmp_path / "home"
    interpreter = home / python
    interpreter.parent.mkdir(parents=True)
    if script:
        (interpreter.parent / "meta-ads-mcp").touch()
    entry = server_entry(("--demo",), {}, interpreter, _which(uvx))
    expected = [part.format(home=home) for part in command]
    assert [entry.command, *entry.args] == [*expected, "--demo"]
    assert Path(entry.command).is_absolute()


def test_uvx_is_found_beside_the_uv_that_started_it(tmp_path: Path) -> None:
    for name in ("uv.exe", "uvx.exe"):
        (tmp_path / name).touch()
    python = Path("/x/archive-v0/y/python.exe")
    entry = server_entry((), {"UV": str(tmp_path / "uv.exe")}, python, _which(None))
    assert entry.command == str(tmp_path / "uvx.exe")


@pytest.mark.parametrize("variable", ["META_ADS_STATE_DIR", "XDG_STATE_HOME"])
def test_a_state_directory_of_the_shell_goes_with_it_and_a_token_does_not(variable: str) -> None:
    environ = {variable: "/srv/state", "META_ACCESS_TOKEN": "EAAx" * 10, "META_APP_SECRET": "hush"}
    entry = server_entry((), environ, Path("/usr/bin/python"), _which(None))
    assert entry.env == {variable: "/srv/state"}
    assert json.loads(print_entry(entry)) == {"mcpServers": {"meta-ads": entry.public()}}


def remarked(home: Path, **options: Any) -> str:
    settings = Settings(**{"META_ADS_STATE_DIR": home / "state", **options.pop("settings", {})})
    return " ".join(remarks("cursor", machine(home), settings, options.get("env_file")))


def test_a_server_without_a_token_is_remarked_with_both_ways_to_give_one(tmp_path: Path) -> None:
    put("cursor", machine(tmp_path))
    text = remarked(tmp_path)
    assert "meta-ads-mcp login" in text
    assert "--env-file" in text


@pytest.mark.parametrize("settings", [{"META_ADS_DEMO": True}, {"META_ADS_PROFILE": "acme"}])
def test_a_demo_and_a_named_profile_need_no_remark(tmp_path: Path, settings: dict[str, Any]) -> None:
    put("cursor", machine(tmp_path))
    assert remarked(tmp_path, settings=settings) == ""


@pytest.mark.parametrize("place", ["env", "transport"])
def test_an_entry_that_gives_a_token_needs_no_remark(tmp_path: Path, place: str) -> None:
    environment = {"env": {"META_ACCESS_TOKEN": "x"}}
    entry = environment if place == "env" else {"transport": environment}
    path = tmp_path / PLACES["cursor", "linux"]
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"mcpServers": {"meta-ads": entry}}))
    assert remarked(tmp_path) == ""


@pytest.mark.skipif(os.name != "posix", reason="modes of files are those of POSIX")
@pytest.mark.parametrize(("mode", "is_remarked"), [(0o644, True), (0o600, False)])
def test_a_settings_file_that_others_can_read_is_remarked(tmp_path: Path, mode: int, is_remarked: bool) -> None:
    env_file = tmp_path / "meta.env"
    env_file.write_text("META_ACCESS_TOKEN=x")
    env_file.chmod(mode)
    assert ("chmod 600" in remarked(tmp_path, env_file=str(env_file))) == is_remarked
