"""The list of tools, and what the catalogue says about those that are not on it."""

from __future__ import annotations

import pytest

from meta_ads_mcp.engine.answer.next_steps import map_next_steps
from meta_ads_mcp.server.catalogue import Catalogue
from tests.support.every_tool import TOOLS, catalogue
from tests.support.sandbox_engine import build_server

READS = Catalogue(TOOLS)
MAX_LISTED = 32


@pytest.mark.parametrize("allow_writes", [False, True])
def test_the_default_list_is_short(*, allow_writes: bool) -> None:
    assert len(Catalogue(TOOLS, allow_writes=allow_writes).listed) <= MAX_LISTED


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("Look with ads_get_pixels.", "Look with ads_get_pixels (through ads_call_read_tool)."),
        ("ads_get_campaigns lists them.", "ads_get_campaigns lists them."),
        ("ads_create_ad is next.", "ads_create_ad (off on this server) is next."),
        (
            "ads_get_pixels, or ads_get_pixels again",
            "ads_get_pixels (through ads_call_read_tool), or ads_get_pixels again",
        ),
        ("ads_no_such_tool of act_1", "ads_no_such_tool of act_1"),
    ],
)
def test_texts_say_how_to_reach_what_is_not_listed(text: str, marked: str) -> None:
    assert READS.mark_unlisted(text) == marked


def test_where_everything_is_listed_texts_stay() -> None:
    text = "ads_get_pixels, then ads_create_ad"
    assert catalogue().mark_unlisted(text) == text


def test_next_steps_are_changed_wherever_they_are() -> None:
    table = {"columns": ["text", "next_step"], "rows": [["a", "b"], ["c", None]]}
    data = {"next_step": "x", "rows": [{"next_step": "y", "text": "z"}], "findings": table}
    assert map_next_steps(data, str.upper) == {
        "next_step": "X",
        "rows": [{"next_step": "Y", "text": "z"}],
        "findings": {"columns": ["text", "next_step"], "rows": [["a", "B"], ["c", None]]},
    }


async def test_an_answer_says_how_to_reach_the_tool_of_its_next_step() -> None:
    reader = build_server(allow_writes=False)
    answer = await reader.data("ads_create_async_report", object_id=reader.account)
    assert "ads_get_report_status (through ads_call_read_tool)" in answer["next_step"]


@pytest.mark.parametrize(
    ("caller", "name", "other"),
    [
        ("ads_call_read_tool", "ads_delete_ad", "ads_call_write_tool"),
        ("ads_call_write_tool", "ads_get_pixels", "ads_call_read_tool"),
    ],
)
async def test_the_wrong_generic_caller_names_the_right_one(caller: str, name: str, other: str) -> None:
    error = await build_server().refused(caller, name=name, arguments={})
    assert error["next_step"].startswith(f"Call it with {other}")
