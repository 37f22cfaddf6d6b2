"""What an account's delivery is planned to be: the frame from which every number is computed."""

from __future__ import annotations

import hashlib
import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from math import prod
from zoneinfo import ZoneInfo

# Currencies without a subunit. docs: marketing-api/currencies
OFFSET_ONE = frozenset({"CLP", "COP", "CRC", "HUF", "ISK", "IDR", "JPY", "KRW", "PYG", "TWD", "VND"})
BIASES = 8
FAR = date(9999, 1, 1).toordinal()  # the last day of what does not end
SPENT_SHARE = 0.86  # of a daily budget, what an ordinary day spends


def offset(currency: str) -> int:
    """Minor units per major unit as Meta counts them."""
    return 1 if currency in OFFSET_ONE else 100


def dice(*key: object) -> random.Random:
    """Random numbers that depend on the key alone."""
    return random.Random("/".join(str(part) for part in key))  # noqa: S311 - for invented data


def uniforms(*key: object) -> tuple[float, ...]:
    """Sixteen numbers in [0, 1) that depend on the key alone; much cheaper than `dice`."""
    digest = hashlib.blake2b("/".join(str(part) for part in key).encode(), digest_size=64).digest()
    return tuple(value / 4294967296 for value in struct.unpack("<16I", digest))


def biases(*key: object) -> tuple[float, ...]:
    """How far one object is from the average, per group of metrics (0.7 to 1.3); the last group has no bias."""
    return (*(0.7 + 0.6 * value for value in uniforms("bias", *key)[: BIASES - 1]), 1.0)


@dataclass(frozen=True, eq=False)
class AccountPlan:
    """`id` without `act_`; money figures in minor units of `currency`. `geo` is (country, region, share).

    `shared_audience` is the number of people whom all campaigns of the account try to reach.
    """

    id: str
    currency: str
    timezone: str
    cpm: int
    order_value: int
    geo: tuple[tuple[str, str, float], ...]
    shared_audience: float = 1.0

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone of the account."""
        return ZoneInfo(self.timezone)

    @property
    def offset(self) -> int:
        return offset(self.currency)


@dataclass(frozen=True)
class Drift:
    """A change of a part's share of one metric: from the day `start` on it nears `factor`, which takes `days`.

    `metric` is a name of `insights.metrics`, or `events` for all that happens after the click.
    """

    metric: str
    start: int
    factor: float
    days: int = 1

    def at(self, day: int) -> float:
        """The factor on a day."""
        if day < self.start:
            return 1.0
        return 1 + (self.factor - 1) * min(1.0, (day - self.start + 1) / self.days)


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a campaign that delivers: an ad set or an ad. Days are proleptic ordinals; `stop` is the last one.

    The audience of an ad set is as large as what the ad set shows in `audience_days`.
    """

    id: str
    weight: float
    start: int
    stop: int
    bias: tuple[float, ...]
    video: bool = False
    parts: tuple[Part, ...] = ()
    audience_days: float = 5.0
    drifts: tuple[Drift, ...] = ()

    def drift(self, metric: str, day: int) -> float:
        """Return by how much the part's share of a metric differs on a day from what its weight says."""
        return prod([drift.at(day) for drift in self.drifts if drift.metric == metric])


@dataclass(frozen=True, eq=False)
class CampaignPlan:
    """`daily_budget` in minor units, before the anomaly.

    `anomaly` is a key of `insights.metrics.ANOMALIES` or empty; it holds from the day `anomaly_from` on. `drifts` are
    those of the click rate.
    """

    id: str
    account: AccountPlan
    objective: str
    seed: int
    daily_budget: int
    start: int
    stop: int
    ad_sets: tuple[Part, ...]
    trend: float = 0.0
    video_share: float = 0.0
    anomaly: str = ""
    anomaly_from: int = 0
    drifts: tuple[Drift, ...] = ()

    def every_ad(self) -> Iterator[Part]:
        """Yield the ads of all ad sets."""
        return (ad for ad_set in self.ad_sets for ad in ad_set.parts)
