"""The question shows what is sent, the plan is what is sent, and each part of that is required."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.engine.writes import writer
from meta_ads_mcp.engine.writes.question import QuestionText
from tests.safety import question
from tests.support.every_tool import TOOLS
from tests.support.property_runner import run_property

EXAMPLES = 150
EXAMPLES_OF_GROUP = 40
# A hole shows within these.
MAX_EXAMPLES = 200
GROUPS = {
    "bundles": "ads_clone_ad_set_bundle ads_update_ad_link",
    "rules": "ads_create_ad_rule ads_update_ad_rule",
    "texts": "facebook_create_post ads_reply_comment ads_create_lead_form",
    "budgets": "ads_update_campaign ads_update_ad_set ads_create_budget_schedule ads_update_spend_cap",
}


def tools(names: str) -> list[Tool]:
    return [tool for tool in TOOLS if tool.name in names.split()]


def test_the_question_shows_what_is_sent() -> None:
    run_property(question.check, EXAMPLES)


@pytest.mark.parametrize("names", GROUPS.values(), ids=GROUPS)
def test_the_question_shows_what_tools_of_one_group_send(names: str) -> None:
    run_property(partial(question.check, tools=tools(names)), EXAMPLES_OF_GROUP)


def cut_questions(patch: pytest.MonkeyPatch) -> None:
    real = QuestionText.build
    patch.setattr(QuestionText, "build", lambda *args: real(*args)[:120])


def cut_values(patch: pytest.MonkeyPatch) -> None:
    real = QuestionText.value
    patch.setattr(QuestionText, "value", lambda self, name, value: real(self, name, value)[:120])


def leave_out_notes(patch: pytest.MonkeyPatch) -> None:
    def build(self: QuestionText, title: str, plan: Any, reasons: Any, notes: Any = ()) -> str:
        return real(self, title, plan, reasons)

    real = QuestionText.build
    patch.setattr(QuestionText, "build", build)


def show_bare_amounts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(QuestionText, "_money", lambda self, value: str(value))


def show_one_change(patch: pytest.MonkeyPatch) -> None:
    """Show the first change of several alone."""
    real = QuestionText._lines
    patch.setattr(QuestionText, "_lines", lambda self, change, blocks: list(real(self, change, blocks))[:1])


def hide_parameters(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(writer, "_public_params", lambda change: {})


# Hole → the patch that makes it, and the tools through which it shows.
HOLES: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], str]] = {
    "the question ends after 120 characters": (cut_questions, GROUPS["budgets"]),
    "a value ends after 120 characters": (cut_values, GROUPS["texts"]),
    "notes are left out": (leave_out_notes, GROUPS["rules"]),
    "amounts have no currency": (show_bare_amounts, GROUPS["budgets"]),
    "one value of several is shown": (show_one_change, GROUPS["bundles"]),
    "the plan has no parameters": (hide_parameters, GROUPS["texts"]),
}


@pytest.mark.parametrize(("hole", "names"), HOLES.values(), ids=HOLES)
def test_a_hole_is_noticed(
    hole: Callable[[pytest.MonkeyPatch], None], names: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hole(monkeypatch)
    with pytest.raises(question.UnseenRequest):
        run_property(partial(question.check, tools=tools(names)), MAX_EXAMPLES, explain=False)
