"""The generated pages say what the code says, and a page that does not is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from meta_ads_mcp import errors
from meta_ads_mcp.settings import VARIABLES
from scripts.docs import DOCS, PAGES, README, errors_page, kind, readme, settings_page, stale, tools_page
from tests.support.every_tool import TOOLS


def test_the_pages_are_up_to_date() -> None:
    assert stale() == [], "run `make docs` and commit what it wrote"


def test_a_page_that_says_something_else_is_stale(tmp_path: Path) -> None:
    for name in PAGES:
        (tmp_path / name).write_bytes((DOCS / name).read_bytes())
    (tmp_path / "tools.md").write_text("# Tools\n", encoding="utf-8")
    (tmp_path / "errors.md").unlink()
    front = tmp_path / "README.md"
    front.write_text(
        README.read_text(encoding="utf-8").replace("`META_ADS_DEMO`", "`META_ADS_DEMON`"), encoding="utf-8"
    )
    assert stale(tmp_path, front) == ["tools.md", "errors.md", "README.md"]


def test_a_section_of_the_readme_cannot_be_lost() -> None:
    text = README.read_text(encoding="utf-8")
    assert readme(text) == text
    with pytest.raises(ValueError, match="settings"):
        readme(text.replace("<!-- /settings -->", ""))


def test_every_tool_setting_and_kind_is_there() -> None:
    assert [tool.name for tool in TOOLS if f"### {tool.name}\n" not in tools_page()] == []
    assert [name for name in VARIABLES if f"`{name}`" not in settings_page()] == []
    kinds = {
        error.kind for error in vars(errors).values() if isinstance(error, type) and issubclass(error, errors.AdsError)
    }
    assert [found for found in kinds if f"| `{found}` |" not in errors_page()] == []


def test_types_in_words() -> None:
    status = {"type": "array", "items": {"enum": ["A", "B"], "type": "string"}, "maxItems": 2}
    assert kind(status) == "list of `A`, `B`, at most 2"
    days = {
        "type": "object",
        "properties": {"since": {"type": "string"}, "until": {"type": "string"}},
        "required": ["since"],
    }
    assert kind(days) == "{since: string; until?: string}"
    assert kind({"type": ["integer", "string"]}) == "integer or string"
    assert (
        kind({"anyOf": [{"const": "me"}, {"type": "string", "maxLength": 9}]}) == "`me` or string, at most 9 characters"
    )
    assert [kind({"type": "integer", **bounds}) for bounds in ({"minimum": 1}, {"maximum": 2}, {})] == [
        "integer from 1",
        "integer to 2",
        "integer",
    ]
