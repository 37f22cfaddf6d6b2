"""The generated pages say what the code says, and a page that does not is noticed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from meta_ads_mcp import errors
from meta_ads_mcp.settings import VARIABLES
from tests.support.every_tool import TOOLS
from tests.support.programs import load_script

script = load_script("docs")


def test_the_pages_are_up_to_date() -> None:
    assert script.stale() == [], "run `make docs` and commit what it wrote"


def test_a_page_that_says_something_else_is_stale(tmp_path: Path) -> None:
    for name in script.PAGES:
        (tmp_path / name).write_bytes((script.DOCS / name).read_bytes())
    (tmp_path / "token.md").write_bytes((script.DOCS / "token.md").read_bytes())
    (tmp_path / "tools.md").write_text("# Tools\n", encoding="utf-8")
    (tmp_path / "errors.md").unlink()
    architecture = script.ARCHITECTURE.read_text(encoding="utf-8").replace("`errors.py`: ", "`error.py`: ")
    (tmp_path / "architecture.md").write_text(architecture, encoding="utf-8")
    front = tmp_path / "README.md"
    front.write_text(
        script.README.read_text(encoding="utf-8").replace("`META_ADS_DEMO`", "`META_ADS_DEMON`"), encoding="utf-8"
    )
    assert script.stale(tmp_path, front) == ["tools.md", "errors.md", "README.md", "architecture.md"]


def test_a_section_of_the_readme_cannot_be_lost() -> None:
    text = script.README.read_text(encoding="utf-8")
    assert script.fill_sections("README.md", text) == text
    with pytest.raises(ValueError, match="settings"):
        script.fill_sections("README.md", text.replace("<!-- /settings -->", ""))


_FILE = re.compile(r"(?<![\w/.])(?:[\w.-]+/)+[\w.-]+\.(?:py|toml|json|md|js)")
_TEST = re.compile(r"(tests/[\w/]+\.py)::(test_\w+)")


def test_files_and_tests_that_a_page_names_exist() -> None:
    root = script.DOCS.parent
    places = (root, script.DOCS, script.PACKAGE, script.PACKAGE / "sandbox", script.DOCS / "decisions")
    for page in [script.README, root / "CONTRIBUTING.md", *script.DOCS.rglob("*.md")]:
        text = page.read_text(encoding="utf-8")
        missing = {name for name in _FILE.findall(text) if not any((place / name).exists() for place in places)}
        assert not missing, f"{page.name} names files that do not exist: {sorted(missing)}"
        for path, test in _TEST.findall(text):
            assert f"def {test}(" in (root / path).read_text(encoding="utf-8"), f"{page.name}: {path}::{test}"


def test_architecture_names_every_module() -> None:
    text = script.ARCHITECTURE.read_text(encoding="utf-8")
    paths = [path.relative_to(script.PACKAGE).as_posix() for path in script.PACKAGE.rglob("*.py")]
    assert [path for path in paths if not path.endswith("__init__.py") and f"`{path}`" not in text] == []


def test_every_tool_setting_and_kind_is_there() -> None:
    assert [tool.name for tool in TOOLS if f"### {tool.name}\n" not in script.tools_page()] == []
    assert [name for name in VARIABLES if f"`{name}`" not in script.settings_page()] == []
    kinds = {
        error.kind for error in vars(errors).values() if isinstance(error, type) and issubclass(error, errors.AdsError)
    }
    assert [found for found in kinds if f"| `{found}` |" not in script.errors_page()] == []


def test_comparison_names_tools_that_exist() -> None:
    comparison = load_script("comparison")
    assert comparison.named_tools() - {tool.name for tool in TOOLS} == set()
    tables = (comparison.read_comparison()[section]["tools"] for section in comparison.SECTIONS)
    assert [name for table in tables for name, row in table.items() if not row["ours"] and not row.get("note")] == []


def test_types_in_words() -> None:
    status = {"type": "array", "items": {"enum": ["A", "B"], "type": "string"}, "maxItems": 2}
    assert script.kind(status) == "list of `A`, `B`, at most 2"
    days = {
        "type": "object",
        "properties": {"since": {"type": "string"}, "until": {"type": "string"}},
        "required": ["since"],
    }
    assert script.kind(days) == "{since: string; until?: string}"
    assert script.kind({"type": ["integer", "string"]}) == "integer or string"
    assert (
        script.kind({"anyOf": [{"const": "me"}, {"type": "string", "maxLength": 9}]})
        == "`me` or string, at most 9 characters"
    )
    assert [script.kind({"type": "integer", **bounds}) for bounds in ({"minimum": 1}, {"maximum": 2}, {})] == [
        "integer from 1",
        "integer to 2",
        "integer",
    ]
