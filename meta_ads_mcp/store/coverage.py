"""Know which days of a table have been read, and when: pure arithmetic on days."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from typing import Any

ONE_DAY = timedelta(days=1)
# A span of days, both included.
Days = tuple[date, date]


def days_between(first: date, last: date) -> list[date]:
    """Return every day from the first to the last, both included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def spans_of(days: Iterable[date]) -> list[Days]:
    """Join days into spans without gaps, the oldest first."""
    sorted_days = sorted(set(days))
    groups = groupby(enumerate(sorted_days), key=lambda pair: pair[1].toordinal() - pair[0])
    runs = [[day for _, day in group] for _, group in groups]
    return [(run[0], run[-1]) for run in runs]


@dataclass
class Coverage:
    """The day in the account's time zone on which each day of a table was last read."""

    read_on: dict[date, date] = field(default_factory=dict)

    @classmethod
    def load(cls, text: str) -> Coverage:
        """Read the form of `dump`. Raises ValueError for any other text."""
        coverage = cls()
        for first, last, read_on in _entries(json.loads(text)):
            coverage.add((first, last), read_on)
        return coverage

    def dump(self) -> str:
        """Return JSON: a list of [first day, last day, read on]."""
        each = sorted((read_on, day) for day, read_on in self.read_on.items())
        spans = [
            (*span, read_on)
            for read_on, group in groupby(each, key=lambda pair: pair[0])
            for span in spans_of(day for _, day in group)
        ]
        return json.dumps([[day.isoformat() for day in span] for span in sorted(spans)])

    def add(self, days: Days, read_on: date) -> None:
        """Note that the days were read."""
        self.read_on |= dict.fromkeys(days_between(*days), read_on)

    def join(self, other: Coverage) -> Coverage:
        """Return the days of both."""
        return Coverage({**self.read_on, **other.read_on})

    def within(self, first: date, last: date) -> Coverage:
        """Return the part of the days from the first to the last."""
        return Coverage({day: read_on for day, read_on in self.read_on.items() if first <= day <= last})

    @property
    def first(self) -> date | None:
        return min(self.read_on, default=None)

    @property
    def last(self) -> date | None:
        return max(self.read_on, default=None)

    def missing(self, wanted: Days, today: date, restate_days: int) -> list[Days]:
        """Return the wanted days to read: never read, or read while Meta could still change them, but not today.

        A day read on `read_on` is final if it was older than `restate_days` then. Today's figures are always read.
        """
        return spans_of(day for day in days_between(*wanted) if self._is_due(day, today, restate_days))

    def _is_due(self, day: date, today: date, restate_days: int) -> bool:
        read_on = self.read_on.get(day)
        if read_on is None or day >= today:
            return True
        return not is_final(day, read_on, restate_days) and read_on < today


def is_final(day: date, read_on: date, restate_days: int) -> bool:
    """Return whether Meta no longer changes the figures of a day that was read on a later one."""
    return (read_on - day).days > restate_days


def _entries(value: Any) -> list[tuple[date, date, date]]:
    if not isinstance(value, list):
        raise ValueError("a coverage is a list")
    return [(date.fromisoformat(first), date.fromisoformat(last), date.fromisoformat(on)) for first, last, on in value]


def coverage_of(metadata: Mapping[str, str]) -> Coverage:
    """Return the coverage that a file's metadata state. Raises ValueError where they state none."""
    return Coverage.load(metadata.get("coverage", ""))
