"""The activity log of the demo: who changed what, and when.

Event types and categories are those of the SDK's class AdActivity. Of all edits only the planted ones move a metric of
a campaign; the others are the daily work of an agency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

Json = Any


@dataclass(frozen=True)
class Actor:
    """A person or Meta itself, and the program that was used."""

    id: str
    name: str
    application_id: str = "119211728144504"
    application: str = "Power Editor"


PEOPLE = (
    Actor("100080000000042", "Mara Ilves"),
    Actor("100080000000057", "Tobias Renn"),
    Actor("100080000000063", "Yui Hanada"),
)
META = Actor("0", "Meta", "0", "")


@dataclass(frozen=True)
class Edit:
    """One entry of the log. `moment` is in the account's time zone; `extra` holds the values before and after."""

    moment: datetime
    event_type: str
    object_id: str
    extra: Mapping[str, Json]
    actor: Actor = META


@dataclass(frozen=True)
class PlantedBreak:
    """The truth about one break: which metric of a campaign changes on which day, and the edit that causes it.

    `anomaly` is a key of `insights.metrics.ANOMALIES`; `day` is the first day with the changed metric, in the account's
    time zone. Tests read it from `World.planted`; Graph does not show it.
    """

    account_id: str
    campaign_id: str
    anomaly: str
    day: date
    edit: Edit


def change_of(kind: str, old: Json, new: Json, **more: Json) -> dict[str, Json]:
    """`extra_data` of an edit."""
    return {"old_value": old, "new_value": new, "type": kind, **more}


def budget_change(currency: str, old: int, new: int, *, daily: bool = True) -> dict[str, Json]:
    """`extra_data` of a changed budget, in minor units."""
    period = "Per day" if daily else "Lifetime"
    return change_of("payment_amount", old, new, currency=currency, additional_value=period)


def status_change(old: str, new: str) -> dict[str, Json]:
    """`extra_data` of a changed status, in the log's words: Active, Inactive, Archived, Deleted."""
    return change_of("run_status", old, new)


def targeting_change(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, Json]:
    """`extra_data` of a changed audience: the sentence lines before and after."""
    return change_of("targets_spec", _lines(old), _lines(new))


def _lines(spec: Mapping[str, str]) -> list[dict[str, Json]]:
    return [{"content": f"{name}:", "children": [text]} for name, text in spec.items()]
