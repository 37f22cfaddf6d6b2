"""Rank the edits around a break by how well each explains it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from math import exp, log
from typing import Any

from meta_ads_mcp.analysis.breaks import Break
from meta_ads_mcp.core.changes import JournalEntry
from meta_ads_mcp.core.nodes import node_kind
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.tools.activity.event_types import STATUS_WORDS
from meta_ads_mcp.tools.activity.events import ARROW, Event

# Kinds of edits by the names of event types and of Graph's fields; the first match counts.
_GROUPS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("", re.compile(r"name$|labels|approved|billing_charge$|learning|first_delivery|agency_fee|user_|images|appeal")),
    ("review", re.compile(r"review_declined")),
    ("payment", re.compile(r"billing_(decline|charge_failed|chargeback$)|funding_source|account_update_status")),
    ("budget", re.compile(r"budget|spend_cap|spend_limit|spending_limit|min_spend|high_demand")),
    ("status", re.compile(r"status$|stop_delivery|campaign_ended")),
    ("goal", re.compile(r"optimization_goal|conversion_goal|conversion_event|promoted_object|attribution_spec")),
    ("bid", re.compile(r"bid|value_rule|value_adjustment")),
    ("audience", re.compile(r"target|audience|delivery_destination|keywords")),
    ("creative", re.compile(r"creative|^create_ad$|url_tags")),
    ("schedule", re.compile(r"duration|schedul|_time$")),
    ("structure", re.compile(r"^create_|merge_campaigns|delivery_type")),
)
# Kind of edit -> how well it explains a break of each factor, from 0 to 1.
_EFFECTS: Mapping[str, Mapping[str, float]] = {
    "status": {"spend": 1.0, "ctr": 0.5, "conversion_rate": 0.5, "cpm": 0.4, "value_per_result": 0.4},
    "budget": {"spend": 1.0, "cpm": 0.3, "conversion_rate": 0.2},
    "audience": {"cpm": 1.0, "ctr": 1.0, "conversion_rate": 0.8, "spend": 0.4, "value_per_result": 0.4},
    "creative": {"ctr": 1.0, "conversion_rate": 0.8, "cpm": 0.5, "value_per_result": 0.4, "spend": 0.3},
    "goal": {"conversion_rate": 1.0, "cpm": 0.8, "ctr": 0.7, "value_per_result": 0.6, "spend": 0.4},
    "bid": {"cpm": 1.0, "spend": 0.9, "conversion_rate": 0.4, "ctr": 0.3, "value_per_result": 0.3},
    "schedule": {"spend": 0.9, "cpm": 0.3},
    "structure": {"spend": 0.6, "ctr": 0.5, "cpm": 0.4, "conversion_rate": 0.4},
    "review": {"spend": 0.8, "ctr": 0.4},
    "payment": {"spend": 1.0},
}
# Days from the break to the edit -> how near that is. An edit works on the day it is made, or on the next.
_NEARNESS = {1: 0.25, 0: 1.0, -1: 0.85, -2: 0.55, -3: 0.35}
DAYS_BEFORE, DAYS_AFTER = -min(_NEARNESS), max(_NEARNESS)
MIN_SCORE = 0.2
HIGH, MEDIUM = 0.7, 0.4
# A change of an amount by less than this factor does not break a metric.
SMALL_STEP = 0.15
CONTRADICTION, WEAK = 0.1, 0.3
MIN_RELEVANCE = 0.3
# An object can explain a little more than its share, because shares vary from day to day.
SHARE_MARGIN = 0.8


@dataclass(frozen=True)
class SuspectedEdit:
    """One edit of the log or of this server's journal. `moment` is in the account's time zone.

    `step` is the logarithm of the ratio of an amount after and before; `starts` tells whether a status starts (True) or
    stops (False) delivery. Both are None where they do not apply.
    """

    moment: datetime
    group: str
    object_id: str
    step: float | None
    starts: bool | None
    public: Row

    @property
    def title(self) -> str:
        """Say what happened, without the values."""
        return str(self.public.get("text", "")).partition(": ")[0]

    @property
    def key(self) -> tuple[object, ...]:
        """Return what makes an edit the same as another one."""
        return self.moment, self.object_id, self.public.get("text")


@dataclass(frozen=True)
class Scene:
    """A break of an object, and what is known of the objects around it.

    `family` maps each object below to its share of the spend before the break; the object itself and those above it
    have the share 1.
    """

    object_id: str
    name: str
    shift: Break
    family: Mapping[str, float]

    @property
    def text(self) -> str:
        """Name the factor, the object and the day."""
        return f"{self.shift.factor} of {self.name or self.object_id} since {self.shift.day.isoformat()}"


@dataclass(frozen=True)
class Suspect:
    """An edit that may explain a break. `score` is between 0 and 1."""

    edit: SuspectedEdit
    scene: Scene
    score: float
    reasons: tuple[str, ...]

    @property
    def likelihood(self) -> str:
        """Return high, medium or low."""
        return "high" if self.score >= HIGH else "medium" if self.score >= MEDIUM else "low"


def edit_of_event(event: Event, change: JournalEntry | None) -> SuspectedEdit | None:
    """Return an event of the log as an edit; None without a time."""
    if event.moment is None:
        return None
    event_row = event.public(change.change_id if change else None)
    actor = event_row.get("actor", {})
    before, after = event.values.before, event.values.after
    values = () if ARROW in event.text else ("before", "after")
    names = [name for name in ("application", *values, "object", "change_id") if name in event_row]
    row = {
        "time": event_row.get("time"),
        "actor": actor.get("name") or actor.get("kind"),
        "text": event.text,
        **{name: event_row[name] for name in names},
    }
    return SuspectedEdit(
        event.moment, group_of(event.event_type), event.object_id, _step(before, after), _starts(after), row
    )


def edit_of_change(entry: JournalEntry, timezone: tzinfo) -> SuspectedEdit | None:
    """Return a change of this server that Meta's log does not show as an edit; None without an object."""
    if not entry.object_id or not entry.after:
        return None
    name = next((name for name in entry.after if group_of(name)), next(iter(entry.after)))
    before, after = entry.before.get(name), entry.after[name]
    moment = datetime.fromtimestamp(entry.sent_at, UTC).astimezone(timezone)
    public = {
        "time": moment.isoformat(timespec="seconds"),
        "actor": "this server",
        "text": f"{entry.tool}: {', '.join(entry.after)}",
        "before": before,
        "after": after,
        "object": {"id": entry.object_id, "kind": node_kind(entry.node).label},
        "change_id": entry.change_id,
    }
    group = "structure" if entry.effect == "create" else group_of(name)
    public = {key: value for key, value in public.items() if value not in (None, "")}
    return SuspectedEdit(moment, group, entry.object_id, _step(before, after), _starts(after), public)


def group_of(name: str) -> str:
    """Return the kind of an edit by its event type or field; "" for one that cannot move a metric."""
    return next((group for group, pattern in _GROUPS if pattern.search(name)), "")


def rank(edits: Sequence[SuspectedEdit], scenes: Sequence[Scene], shares: Mapping[str, int]) -> list[Suspect]:
    """Return the edits that may explain a break, the likeliest first, each once for the break that it explains best.

    `shares` maps objects to how much of the change they explain, in percent: breaks that explain little come last.
    """
    best: dict[tuple[object, ...], Suspect] = {}
    for scene in scenes:
        for edit in edits:
            suspect = judge(edit, scene)
            if suspect and suspect.score > (best[edit.key].score if edit.key in best else 0):
                best[edit.key] = suspect
    return sorted(
        (item for item in best.values() if item.score >= MIN_SCORE),
        key=lambda item: (-item.score * _relevance(item.scene, shares), -abs(item.scene.shift.log_change)),
    )


def _relevance(scene: Scene, shares: Mapping[str, int]) -> float:
    """Return how much of the change the object explains, between MIN_RELEVANCE and 1; 1 where that is not known."""
    share = shares.get(scene.object_id)
    return 1.0 if share is None else min(1.0, max(MIN_RELEVANCE, share / 100))


def judge(edit: SuspectedEdit, scene: Scene) -> Suspect | None:
    """Score an edit as the cause of a break; None for one of another object, at another time, or without effect."""
    share = scene.family.get(edit.object_id)
    lag = (edit.moment.date() - scene.shift.day).days
    effect = _EFFECTS.get(edit.group, {}).get(scene.shift.factor, 0)
    if share is None or lag not in _NEARNESS or not effect:
        return None
    size, size_reason = _judge_size(edit, scene.shift)
    reach, reach_reason = _judge_share(share, scene.shift)
    reasons = (
        _time_reason(lag, scene.shift.day),
        f"An edit of this kind ({edit.group}) can move {scene.shift.factor}.",
        size_reason,
        reach_reason,
    )
    score = effect * _NEARNESS[lag] * size * reach
    return Suspect(edit, scene, score, tuple(text for text in reasons if text))


def _time_reason(lag: int, day: date) -> str:
    if lag == 0:
        return f"It was made on the day of the break, {day.isoformat()}."
    days = f"{abs(lag)} day{'' if abs(lag) == 1 else 's'}"
    return f"It was made {days} {'before' if lag < 0 else 'after'} the break of {day.isoformat()}."


def _judge_size(edit: SuspectedEdit, shift: Break) -> tuple[float, str]:
    """Compare the direction and the size of an edit with those of the break."""
    rises = shift.log_change > 0
    if shift.factor == "spend" and edit.starts is not None:
        if edit.starts != rises:
            return CONTRADICTION, "But it points the other way."
        return 1.0, "It started delivery, and spend rose." if rises else "It stopped delivery, and spend fell."
    if edit.step is None:
        return 1.0, ""
    if abs(edit.step) < SMALL_STEP:
        return WEAK, f"But the step is small ({_percent(edit.step)})."
    if shift.factor == "spend" and (edit.step > 0) != rises:
        return CONTRADICTION, f"But it points the other way ({_percent(edit.step)})."
    text = f"The amount changed by {_percent(edit.step)}, {shift.factor} by {_percent(shift.log_change)}."
    return min(1.0, max(WEAK, abs(edit.step) / abs(shift.log_change) / SHARE_MARGIN)), text


def _judge_share(share: float, shift: Break) -> tuple[float, str]:
    """Compare the share of the edited object with the share that must have changed."""
    required = 1 - exp(-abs(shift.log_change))
    if share >= 1:
        return 1.0, ""
    text = f"The edited object had {share * 100:.0f} % of the spend before."
    return min(1.0, max(CONTRADICTION, share / required / SHARE_MARGIN)), text


def _percent(step: float) -> str:
    return f"{(exp(step) - 1) * 100:+.0f} %"


def _step(before: Any, after: Any) -> float | None:
    """Return the logarithm of the ratio of two amounts, or None if they are none."""
    amounts = [value.get("minor") if isinstance(value, Mapping) else value for value in (before, after)]
    try:
        old, new = (float(value) for value in amounts if not isinstance(value, bool) and value is not None)
    except (TypeError, ValueError):
        return None
    return log(new / old) if old > 0 and new > 0 else None


def _starts(after: Any) -> bool | None:
    status = STATUS_WORDS.get(str(after).casefold()) if isinstance(after, str) else None
    return None if status is None else status == "ACTIVE"
