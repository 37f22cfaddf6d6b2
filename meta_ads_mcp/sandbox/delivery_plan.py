"""What an account's delivery is planned to be: the frame from which every number is computed."""

from __future__ import annotations

import hashlib
import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

# Currencies without a subunit. docs: marketing-api/currencies
OFFSET_ONE = frozenset({"CLP", "COP", "CRC", "HUF", "ISK", "IDR", "JPY", "KRW", "PYG", "TWD", "VND"})
BIASES = 8


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
    """`id` without `act_`; money figures in minor units of `currency`. `geo` is (country, region, share)."""

    id: str
    currency: str
    timezone: str
    cpm: int
    order_value: int
    geo: tuple[tuple[str, str, float], ...]

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone of the account."""
        return ZoneInfo(self.timezone)

    @property
    def offset(self) -> int:
        return offset(self.currency)


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a campaign that delivers: an ad set or an ad. Days are proleptic ordinals; `stop` is the last one."""

    id: str
    weight: float
    start: int
    stop: int
    bias: tuple[float, ...]
    video: bool = False
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, eq=False)
class CampaignPlan:
    """`daily_budget` in minor units; `anomaly` is `cpc_spike`, `spend_drop` or empty, from day `anomaly_from` on."""

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

    def every_ad(self) -> Iterator[Part]:
        """Yield the ads of all ad sets."""
        return (ad for ad_set in self.ad_sets for ad in ad_set.parts)
