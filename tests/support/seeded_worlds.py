"""Small worlds of many seeds, and what tests ask of them.

The days of the worlds differ, so that changes of the clock and times around midnight are among them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.fake_transport import FakeTransport

SEEDS = range(20)


def moment_of(seed: int) -> datetime:
    """The time of a seed's world: every 17 days, at another hour."""
    return datetime(2026, 11, 25, 0, 5, tzinfo=UTC) - timedelta(days=17 * seed, hours=-7.2 * seed)


def local_now(box: FakeTransport, number: int) -> datetime:
    account = box.world.accounts[box.world.account_ids[number]]
    return box.world.today.astimezone(account.zone)


def last_days(box: FakeTransport, number: int, first: int, last: int = 0) -> dict[str, str]:
    """From `first` to `last` days ago, on the account's calendar."""
    today = local_now(box, number).date()
    return {
        "since": (today - timedelta(days=first)).isoformat(),
        "until": (today - timedelta(days=last)).isoformat(),
    }


def count_of(row: dict[str, Any], action: str) -> int:
    return sum(int(entry["value"]) for entry in row.get("actions", ()) if entry["action_type"] == action)
