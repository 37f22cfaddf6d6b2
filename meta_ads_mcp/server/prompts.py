"""Prompts for recurring jobs: the task with its arguments, and the skill that says how it is done.

Plain values and functions; `server.py` hands them to the protocol. The steps and rules are in the skill's SKILL.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from meta_ads_mcp.core.values.dates import DatePreset
from meta_ads_mcp.core.values.text import clean
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.server.skills import find_skill

PRESETS = get_args(DatePreset)
_ACCOUNT = re.compile(r"(act_)?[0-9]{1,30}")
_OBJECT = re.compile(r"[0-9]{1,30}")
# The longest argument that is free text.
MAX_TEXT_CHARS = 300
READS_ONLY = "This server only reads: describe changes for the user to make, do not promise them."
WRITES = (
    "Change nothing by yourself. For each change the user wants: dry_run=true first, show the plan, and only after a "
    "yes repeat it, with its confirmation where one is asked. New objects stay PAUSED."
)


@dataclass(frozen=True)
class Argument:
    name: str
    description: str
    required: bool = False
    default: str = ""


@dataclass(frozen=True)
class Prompt:
    """A prompt. `{name}` in its task stands for the argument of that name."""

    name: str
    title: str
    description: str
    arguments: tuple[Argument, ...]
    task: str

    @property
    def instructions(self) -> str:
        """Return the body of the skill of the same name."""
        return find_skill(self.name.replace("_", "-")).body


def _account(*, required: bool = True, more: str = "") -> Argument:
    return Argument("account_id", f"Ad account, act_<id>{more}", required)


def _preset(default: str) -> Argument:
    return Argument("date_preset", f"Days to look at, such as {default}", default=default)


PROMPTS = (
    Prompt(
        "weekly_report",
        "Weekly report",
        "A report for a client or team: what was spent, what came of it, what changed and why, what to do next.",
        (
            _account(required=False, more="; left out: all accounts"),
            _preset("last_7d"),
            Argument("audience", "Who reads it, such as the client's owner", default="the account's owner"),
        ),
        "Write a report on {account_id}, date_preset={date_preset}, for {audience}.",
    ),
    Prompt(
        "account_audit",
        "Account audit",
        "A check of an account from top to bottom: setup, tracking, structure, budgets, creatives, delivery.",
        (_account(), _preset("last_30d")),
        "Audit {account_id}, date_preset={date_preset}.",
    ),
    Prompt(
        "budget_change",
        "Budget change",
        "A budget changed safely: found, checked, shown before and after, carried out after a yes, verified.",
        (
            _account(),
            Argument("change", "What to change, such as Spring sale plus 20 percent", default="ask the user"),
        ),
        "Change budgets in {account_id}. The change: {change}.",
    ),
    Prompt(
        "launch_checklist",
        "Launch checklist",
        "What has to be right before a campaign goes live, checked point by point.",
        (
            _account(),
            Argument("campaign_id", "Campaign to check; left out: the paused ones made last"),
            Argument("goal", "What it is for, such as purchases below 20 EUR", default="not said"),
        ),
        "Check before launch: account {account_id}, campaign {campaign_id}. Goal: {goal}.",
    ),
    Prompt(
        "creative_fatigue",
        "Creative fatigue",
        "Ads that people have seen too often: click rate, frequency, days left, and what to replace first.",
        (_account(),),
        "Find tired ads in {account_id}.",
    ),
    Prompt(
        "find_wasted_spend",
        "Find wasted spend",
        "Where money went without results: placements, audiences, ads and campaigns, with amounts.",
        (
            _account(),
            _preset("last_30d"),
            Argument("target_cost", "Most that a result may cost, such as 20 EUR", default="the account's own average"),
        ),
        "Find spend without results in {account_id}, date_preset={date_preset}. A result may cost: {target_cost}.",
    ),
)


def prompt(name: str) -> Prompt:
    """Return the prompt of that name. Raises InvalidArguments if there is none."""
    match = next((item for item in PROMPTS if item.name == name), None)
    if match is None:
        names = ", ".join(item.name for item in PROMPTS)
        raise InvalidArguments("There is no prompt of that name.", f"Prompts are {names}.")
    return match


def render_prompt(name: str, arguments: Mapping[str, str], *, writes: bool) -> str:
    """Return the text of a prompt. Raises InvalidArguments for a missing, unknown or invalid argument."""
    template = prompt(name)
    names = [argument.name for argument in template.arguments]
    if arguments.keys() - set(names):
        raise InvalidArguments("The prompt has no argument of that name.", f"Its arguments are {', '.join(names)}.")
    values = {
        argument.name: _value(argument, str(arguments.get(argument.name) or "").strip())
        for argument in template.arguments
    }
    task = re.sub(r"\{([a-z_]+)\}", lambda match: values[match[1]], template.task)
    return f"{task}\n\n{template.instructions}\n- {WRITES if writes else READS_ONLY}"


def _value(argument: Argument, value: str) -> str:
    """Return the argument as the text shows it."""
    if not value:
        if argument.required:
            raise InvalidArguments(f"{argument.name} is required.", f"It takes: {argument.description}.")
        return argument.default or _LEFT_OUT[argument.name]
    if argument.name == "account_id":
        account = _parse_id(_ACCOUNT, value, "an ad account id is digits, or act_ and digits")
        return f"act_{account.removeprefix('act_')}"
    if argument.name == "campaign_id":
        return _parse_id(_OBJECT, value, "a campaign id is digits")
    if argument.name == "date_preset" and value not in PRESETS:
        raise InvalidArguments(
            "date_preset has another value than Meta's presets.", f"Take one of {', '.join(PRESETS)}."
        )
    return " ".join(clean(value, MAX_TEXT_CHARS).split())


_LEFT_OUT = {
    "account_id": "all accounts this server reaches",
    "campaign_id": "the paused ones made last (find them with ads_get_campaigns)",
}


def _parse_id(pattern: re.Pattern[str], value: str, rule: str) -> str:
    if not pattern.fullmatch(value):
        raise InvalidArguments("The value is not an id.", f"{rule[0].upper()}{rule[1:]}.")
    return value
