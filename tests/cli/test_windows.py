"""What Windows does differently, simulated on every system: code pages, busy files, absent modules, odd paths."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from meta_ads_mcp.core.private_files import replace_private
from tests.support.mcp_process import environment

COMMANDS = ("--help", "login --guide", "tools --toolset tokens", "doctor --demo", "install print --demo")


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-16"])
def test_commands_survive_every_code_page(tmp_path: Path, encoding: str) -> None:
    program = (
        "import sys; from meta_ads_mcp.cli.main import main\n"
        f"for command in {COMMANDS!r}:\n"
        "    try: main(command.split())\n"
        "    except SystemExit: pass\n"
    )
    variables = environment(tmp_path, PYTHONIOENCODING=encoding)
    done = subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, check=False, timeout=120)
    text = done.stdout.decode(encoding)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    for words in ("Assign assets", "ads_list_tokens", "interpreter", '"mcpServers"'):
        assert words in text


@pytest.mark.parametrize(("failures", "survives"), [(2, True), (99, False)])
def test_a_file_that_another_program_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failures: int, survives: bool
) -> None:
    path, attempts, replace = tmp_path / "x.json", [], Path.replace
    path.write_text("old")

    def busy(draft: Path, target: Path) -> Path:
        attempts.append(draft)
        if len(attempts) <= failures:
            raise PermissionError(13, "in use")
        return replace(draft, target)

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(Path, "replace", busy)
    monkeypatch.setattr("time.sleep", lambda _: None)
    if survives:
        replace_private(path, b"new")
    else:
        with pytest.raises(PermissionError):
            replace_private(path, b"new")
    assert path.read_text() == ("new" if survives else "old")
    assert [item.name for item in tmp_path.iterdir()] == ["x.json"], "no draft is left"


def test_commands_run_without_the_modules_of_posix(tmp_path: Path) -> None:
    # Libraries are imported first: only this package is to believe that it runs on Windows.
    program = (
        "import sys, asyncio, fastmcp, httpx, keyring, platform, platformdirs, pydantic_settings, rich.console, yaml\n"
        "from mcp.server.stdio import stdio_server\n"
        "for name in ('fcntl', 'resource', 'pwd', 'grp'): sys.modules[name] = None\n"
        "sys.platform = 'win32'\n"
        "from meta_ads_mcp.cli.main import main\n"
        "assert main(['call', '--demo', 'ads_get_ad_accounts', 'limit=1']) == 0\n"
        "assert main(['install', 'codex', '--demo']) == 0\n"
    )
    variables = environment(tmp_path)
    done = subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-800:]


@pytest.mark.parametrize("name", ["with blanks", "Jörg 山田"])
def test_homes_with_blanks_and_other_scripts(tmp_path: Path, name: str) -> None:
    home = tmp_path / name
    home.mkdir()
    variables = environment(home, PYTHONUTF8="1", CODEX_HOME=str(home / "codex home"))
    for arguments in (["install", "codex"], ["install", "goose"], ["call", "--demo", "ads_get_changes"]):
        command = [sys.executable, "-m", "meta_ads_mcp", *arguments]
        done = subprocess.run(command, env=variables, capture_output=True, text=True, encoding="utf-8", check=False)
        assert done.returncode == 0, done.stderr
    text = (home / "codex home" / "config.toml").read_text(encoding="utf-8")
    assert json.dumps(str(home), ensure_ascii=False) in text
    assert os.path.isabs(text.split('command = "')[1].split('"')[0])  # noqa: PTH117
