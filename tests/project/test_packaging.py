"""What is shipped: wheel, sdist, bundle, registry entry and example settings say the same, and what is built runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp import __version__
from meta_ads_mcp.settings import VARIABLES, Settings, load
from tests.support.programs import ROOT, load_script

bundle, links = load_script("bundle"), load_script("links")
SECRETS = {"META_ACCESS_TOKEN", "META_TOKENS", "META_APP_SECRET"}
UNREACHABLE = re.compile(r"dns error|error sending request|failed to fetch|connection refused|network", re.IGNORECASE)


def uv() -> str:
    found = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if found is None:
        pytest.skip("uv is not installed")
    return found


def outside(folder: Path, *command: str) -> str:
    """The output of a command that knows nothing of this checkout."""
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("META_", "PYTHON", "VIRTUAL_"))
    }
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode and UNREACHABLE.search(done.stderr):
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_wheel_and_sdist_install_and_run_from_a_clean_environment(tmp_path: Path) -> None:
    outside(ROOT, uv(), "build", "--quiet", "--out-dir", str(tmp_path))
    wheel = next(tmp_path.glob("*.whl"))
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
    assert {"meta_ads_mcp/py.typed", "meta_ads_mcp/sandbox/data/graph.json"} <= set(names)
    assert not any(name.startswith(("tests/", "scripts/", "docs/")) for name in names)
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as packed:
        shipped = {name.partition("/")[2] for name in packed.getnames()}
    tracked = set(outside(ROOT, "git", "ls-files", "-z").split("\0")) - {""} if (ROOT / ".git").exists() else shipped
    assert tracked - shipped - {".git-blame-ignore-revs"} == set(), "not in the sdist: building and testing needs it"
    for built in (wheel, next(tmp_path.glob("*.tar.gz"))):
        run = (uv(), "tool", "run", "--isolated", "--quiet", "--from", str(built))
        assert outside(tmp_path, *run, "meta-ads-mcp", "--version").strip() == f"meta-ads-local-mcp {__version__}"
        assert "ads_get_campaigns" in outside(tmp_path, *run, "meta-ads-local-mcp", "tools")
    answer = outside(tmp_path, *run, "meta-ads-mcp", "call", "ads_get_ad_accounts", "limit=1", "--demo")
    assert json.loads(answer)["demo"] is True


# --- the registry's entry


def registry() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))
    return found


def test_the_registry_entry_names_this_version_and_known_settings() -> None:
    entry = registry()
    (package,) = entry["packages"]
    assert entry["version"] == package["version"] == __version__
    assert package["identifier"] == "meta-ads-local-mcp"
    assert package["transport"] == {"type": "stdio"}
    assert len(entry["description"]) <= 100
    for variable in package["environmentVariables"]:
        assert variable["name"] in VARIABLES
        assert variable.get("isSecret", False) == (variable["name"] in SECRETS)
        assert not (variable.get("isSecret") and "default" in variable)


# --- the bundle


def test_the_bundle_holds_the_package_its_version_and_the_listed_tools(tmp_path: Path) -> None:
    built = bundle.build(tmp_path)
    with zipfile.ZipFile(built) as opened:
        names = set(opened.namelist())
        manifest = json.loads(opened.read("manifest.json"))
        project = tomllib.loads(opened.read("pyproject.toml").decode())
    assert manifest["version"] == __version__
    assert manifest["server"]["entry_point"] in names
    assert {
        "README.md",
        "LICENSE",
        "PRIVACY.md",
        manifest["icon"],
        "meta_ads_mcp/cli/main.py",
        "meta_ads_mcp/sandbox/data/graph.json",
    } <= names
    assert not any("__pycache__" in name or name.startswith("tests") for name in names)
    assert 0 < len(manifest["tools"]) <= 40
    assert "dependency-groups" not in project
    assert "meta-ads-mcp" in project["project"]["scripts"]
    assert bundle.build(tmp_path / "again").read_bytes() == built.read_bytes()


def test_the_bundles_form_fits_the_settings_and_hides_the_secrets() -> None:
    manifest = bundle.manifest()
    form, environment = manifest["user_config"], manifest["server"]["mcp_config"]["env"]
    asked = {name: value.removeprefix("${user_config.").removesuffix("}") for name, value in environment.items()}
    assert set(asked) <= set(VARIABLES)
    assert set(asked.values()) == set(form)
    for variable, key in asked.items():
        assert form[key].get("sensitive", False) == (variable in SECRETS)
        assert "default" in form[key]
    filled = {name: str(form[key]["default"]).replace("False", "false") for name, key in asked.items()}
    assert load(filled) == load({})


def test_the_bundle_starts_without_a_token_in_the_demo_or_with_a_profile() -> None:
    manifest = bundle.manifest()
    form = manifest["user_config"]
    assert not any(field.get("required") for field in form.values())
    environment = manifest["server"]["mcp_config"]["env"]
    assert environment["META_ADS_DEMO"] == "${user_config.demo}"
    filled = dict.fromkeys(environment, "") | {"META_ADS_ALLOW_WRITES": "false", "META_ADS_DEMO": "true"}
    assert load(filled).demo
    assert load(filled | {"META_ADS_DEMO": "false", "META_ADS_PROFILE": "acme"}).profile == "acme"


# --- links and examples


def test_links_add_the_same_server_and_hold_nothing_else() -> None:
    for link in (links.cursor(), links.vscode(), links.vscode_in_a_browser()):
        assert "META_" not in link
        assert " " not in link
    assert links.SERVER == {"command": "uvx", "args": ["meta-ads-local-mcp"]}


def test_the_example_settings_are_all_settings_with_their_defaults(tmp_path: Path) -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    shown = dict(line.removeprefix("# ").split("=", 1) for line in lines if re.match(r"# [A-Z][A-Z_]+=", line))
    assert set(shown) == set(VARIABLES)
    assert not any(line and not line.startswith("#") for line in lines)
    defaults = {str(info.validation_alias): info.default for info in Settings.model_fields.values()}
    for name in ("META_API_VERSION", "META_ADS_GRAPH_URL", "LOG_LEVEL"):
        assert shown[name] == defaults[name]
    everything = tmp_path / "everything.env"
    examples = {name: value for name, value in shown.items() if value and name != "META_TOKENS"}
    everything.write_text("\n".join(f"{name}={value}" for name, value in examples.items()), encoding="utf-8")
    assert load({}, everything).timeout == 30
