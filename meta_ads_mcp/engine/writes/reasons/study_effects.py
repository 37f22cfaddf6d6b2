"""Derive from a request what it does to a study: results that are cut, and people who stay split for longer."""

from __future__ import annotations

from collections.abc import Iterator

from meta_ads_mcp.core.values.graph_values import unix_seconds
from meta_ads_mcp.core.write import Change

CUTS = "ending a test early cuts its results"
PROLONGS = "a later end keeps people split for longer"


def study_reasons(change: Change, now: float) -> Iterator[str]:
    """Yield the reasons to ask a person about another end of a study. `now` is in Unix seconds."""
    if change.node != "AdStudy" or change.object_id is None or "end_time" not in change.after:
        return
    earlier = {**change.context, **change.before}
    start, old = unix_seconds(earlier.get("start_time")), unix_seconds(earlier.get("end_time"))
    new = unix_seconds(change.after["end_time"])
    has_started = start is None or start <= now
    if old is None or new is None or new > old:
        yield PROLONGS
    if has_started and (old is None or new is None or new < old):
        yield CUTS
