"""What stands out when a window is put beside the one before: findings with their figures.

Thresholds are this server's judgement; Meta publishes none. Money is in major units of the account's currency.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import log
from typing import Any, Literal

from meta_ads_mcp.analysis import rankings
from meta_ads_mcp.analysis.anomalies import FEWEST_EVENTS, HISTORY_DAYS, Limits, Windows, compare_windows
from meta_ads_mcp.analysis.numbers import Number, change_pct, ratio, round_number
from meta_ads_mcp.analysis.series import BASE, Figures
from meta_ads_mcp.analysis.signals import SignalCheck, signals
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.dates import preset_range, time_range
from meta_ads_mcp.errors import InvalidArguments

Severity = Literal["critical", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")
# From how many percent on a change between windows is told, and from how many impressions on.
LIMITS = Limits(threshold_pct=20, min_impressions=500)
METRICS = ("spend", "impressions", "clicks", "ctr", "cpc", "cpm", "results", "cost_per_result", "purchase_roas")
# Amounts of a day that is not over say nothing.
RATES = tuple(name for name in METRICS if name in BASE)
# A frequency from which people see an ad often, by the most days of a window.
HIGH_FREQUENCY = ((7, 3.0), (31, 5.0), (10_000, 8.0))
FATIGUE_PCT = 10
BELOW_AVERAGE_SHARE_PCT = 30
MOST_EXAMPLES = 5


@dataclass(frozen=True)
class Finding:
    """What was found, how bad it is, the figures that show it, what may be behind it, and what to do next."""

    check: str
    finding: str
    severity: Severity
    evidence: Row
    hypothesis: str
    next_step: str

    def public(self) -> Row:
        return {
            "check": self.check,
            "finding": self.finding,
            "severity": self.severity,
            "evidence": self.evidence,
            "hypothesis": self.hypothesis,
            "next_step": self.next_step,
        }


class TooLittle(Exception):
    """There is too little data to judge; the text says what is missing."""


@dataclass(frozen=True)
class Compared:
    """An object's figures in both windows. `partial`: the recent window is a day that is not over."""

    at: Windows
    now: Figures
    before: Figures
    event: str | None = None
    partial: bool = False
    metrics: tuple[str, ...] = field(default=METRICS)

    def delta(self, name: str) -> Number | None:
        return change_pct(self.now.metric(name), self.before.metric(name))

    def evidence(self, *names: str) -> Row:
        """Both values and the change of each metric."""
        return {
            name: {
                "now": figure_of(self.now, name),
                "before": figure_of(self.before, name),
                "change_pct": self.delta(name),
            }
            for name in names
            if self.now.metric(name) is not None or self.before.metric(name) is not None
        }


def figure_of(figures: Figures, name: str) -> Number | None:
    value = figures.metric(name)
    return round_number(value) if name in BASE else value


def windows_of(preset: str, today: date) -> tuple[Windows, bool]:
    """The window of a preset, the one before, and the history; today is left out unless it is all there is.

    `today` is the day in the account's time zone. The second value says that the window is such a day.
    """
    asked = preset_range(preset, today)
    if asked is None:
        raise InvalidArguments(f"There is no window before {preset}.", "Give a shorter date_preset such as last_30d.")
    over = today - timedelta(days=1)
    last = min(asked.last, over) if asked.first <= over else asked.last
    recent = time_range(asked.first, last)
    previous = time_range(recent.first - timedelta(days=recent.days), recent.first - timedelta(days=1))
    history = time_range(recent.first - timedelta(days=HISTORY_DAYS), recent.first - timedelta(days=1))
    return Windows(recent, previous, history), last >= today


def performance(found: Compared) -> Iterator[Finding]:
    """Delivery that stopped or shrank, and what became dearer or rarer. Raises TooLittle."""
    now, before = found.now, found.before
    if not now.impressions and found.partial:
        raise TooLittle("nothing was delivered yet on a day that is not over")
    if not now.impressions:
        yield _stopped(found)
        return
    if not before.impressions:
        raise TooLittle("nothing was delivered in the window before, so there is nothing to compare with")
    if max(now.impressions, before.impressions) < LIMITS.min_impressions:
        raise TooLittle(f"fewer than {LIMITS.min_impressions} impressions in either window")
    bad = {row[0]: row[3] for row in compare_windows(now, before, found.metrics, LIMITS) if row[5] == "bad"}
    lower = found.delta("impressions")
    if "impressions" in found.metrics and lower is not None and lower <= -LIMITS.threshold_pct:
        yield _shrunk(found, lower)
    cost = "cost_per_result" if "cost_per_result" in bad else "cpc"
    if cost in bad:
        yield _dearer(found, cost, bad[cost])
    elif "cpm" in bad:
        yield _single(found, "cpm", bad["cpm"])
    if "ctr" in bad and cost not in bad:
        yield _single(found, "ctr", bad["ctr"])
    if "purchase_roas" in bad:
        yield _single(found, "purchase_roas", bad["purchase_roas"])
    if "results" in bad and cost not in bad:
        yield _single(found, "results", bad["results"])


def _stopped(found: Compared) -> Finding:
    return Finding(
        "performance",
        "Delivery stopped: no impressions in the window."
        if found.before.impressions
        else "Nothing was delivered, neither in the window nor in the one before.",
        "critical",
        found.evidence("spend", "impressions"),
        "It is paused, ended, rejected, out of budget, or its account cannot run ads.",
        "Look at the delivery findings here, then at the status with ads_get_errors and the dates and budget.",
    )


def _shrunk(found: Compared, delta: Number) -> Finding:
    return Finding(
        "performance",
        f"Delivery shrank: impressions {delta:+g} %.",
        "critical" if delta <= -60 else "warning",
        found.evidence("spend", "impressions", "cpm"),
        "A smaller budget, a tighter bid or audience, paused parts, or a dearer auction.",
        "Compare spend and cpm: when spend fell too, look at budgets and statuses (ads_get_changes); when not, at cpm.",
    )


_DRIVERS = {
    "cpm": (
        "The auction became dearer: competition, a narrow or saturated audience, or lower rankings.",
        "Split by placement and country: ads_get_insights with breakdowns=[publisher_platform] and [country].",
    ),
    "ctr": (
        "The ads draw fewer clicks: creative fatigue, or people whom they fit less.",
        "Compare ads with ads_get_insights level=ad, and their rankings; consider new creatives.",
    ),
    "conversion_rate": (
        "Fewer of those who click convert: landing page, offer, tracking, or conversions that are not attributed yet.",
        "Check tracking with ads_get_pixel_events and ads_get_dataset_quality, then the landing page.",
    ),
}


def _dearer(found: Compared, cost: str, delta: Number) -> Finding:
    """A cost that rose, with the part of the rise that each factor explains."""
    factors = cost_factors(found.now, found.before, results=cost == "cost_per_result")
    driver = max(factors, key=lambda name: factors[name]) if factors else "cpm"
    text, step = _DRIVERS[driver]
    what = f"cost per {found.event or 'result'}" if cost == "cost_per_result" else "cost per click"
    names = (cost, "results", "spend", "cpm", "ctr") if cost == "cost_per_result" else (cost, "spend", "cpm", "ctr")
    evidence = found.evidence(*names)
    if factors:
        evidence["share_of_rise_pct"] = {name: round(value) for name, value in factors.items()}
    return Finding(
        "performance",
        f"The {what} rose by {delta:g} %, mostly through {driver.replace('_', ' ')}.",
        "critical" if delta >= 60 else "warning",
        evidence,
        text,
        step,
    )


def cost_factors(now: Figures, before: Figures, *, results: bool) -> dict[str, float]:
    """How much of a cost's rise each factor explains, in percent of the rise; they add up to 100.

    cost per result = cpm / 1000 / (click rate x conversion rate), so the logarithms of the changes add up.
    """
    changes = {"cpm": _grown(now.metric("cpm"), before.metric("cpm"))}
    changes["ctr"] = _grown(before.metric("ctr"), now.metric("ctr"))
    if results:
        rates = [ratio(one.results, one.clicks) for one in (before, now)]
        changes["conversion_rate"] = _grown(rates[0], rates[1])
    whole = sum(value for value in changes.values() if value is not None)
    if None in changes.values() or whole <= 0:
        return {}
    return {name: (value or 0) / whole * 100 for name, value in changes.items()}


def _grown(now: Number | None, before: Number | None) -> float | None:
    return log(now / before) if now and before else None


_SINGLE = {
    "cpm": ("cpm rose", *_DRIVERS["cpm"]),
    "ctr": ("The click-through rate fell", *_DRIVERS["ctr"]),
    "results": ("Results fell", *_DRIVERS["conversion_rate"]),
    "purchase_roas": (
        "The return on ad spend fell",
        "Smaller orders, fewer purchases per click, or purchases that are not attributed yet.",
        "Compare purchase and purchase_value with ads_get_insights, and check that values are sent by the pixel.",
    ),
}


def _single(found: Compared, name: str, delta: Number) -> Finding:
    said, hypothesis, step = _SINGLE[name]
    beside = {"purchase_roas": ("purchase_roas", "spend", "results"), "results": ("results", "spend", "clicks")}
    evidence = found.evidence(*beside.get(name, (name, "spend", "impressions")))
    return Finding("performance", f"{said} by {abs(delta):g} %.", "warning", evidence, hypothesis, step)


def fatigue(found: Compared) -> Iterator[Finding]:
    """People who see the same ads often, and click less. Raises TooLittle."""
    now, before = found.now.metric("frequency"), found.before.metric("frequency")
    if now is None or found.now.impressions < LIMITS.min_impressions or not found.now.reach:
        raise TooLittle("no reach, or too few impressions, to tell how often people see the ads")
    high = next(limit for days, limit in HIGH_FREQUENCY if found.at.recent.days <= days)
    rising, falling = change_pct(now, before) or 0, found.delta("ctr") or 0
    tired = rising >= FATIGUE_PCT and falling <= -FATIGUE_PCT and (found.now.reach or 0) >= FEWEST_EVENTS["reach"]
    if not tired and now < high:
        return
    yield Finding(
        "fatigue",
        f"People see the ads more often ({rising:+g} %) and click less (ctr {falling:+g} %)."
        if tired
        else f"Frequency is high: {round_number(now)} in {found.at.recent.days} days.",
        "warning" if tired or falling <= -FATIGUE_PCT else "info",
        {**found.evidence("frequency", "ctr", "reach"), "high_from": high},
        "The audience has seen these ads: creative fatigue, or an audience too small for the budget.",
        "Add new creatives, widen the audience, or lower the budget; ads_get_insights level=ad shows which ads tired.",
    )


def unusual_days(object_id: str, rows: Sequence[Row], found: Compared) -> Iterator[Finding]:
    """Days unlike the same weekdays before. Raises TooLittle."""
    if found.partial:
        raise TooLittle("a day that is not over cannot be compared with whole days")
    if not rows:
        raise TooLittle("nothing was delivered in the window or the weeks before it")
    signal = signals(rows, SignalCheck(object_id, (), found.at, METRICS, Limits()))[0]
    if signal.shortages:
        raise TooLittle("; ".join(signal.shortages))
    bad = [row for row in signal.days if row[-1] == "bad" or (row[0] == "impressions" and row[-2] == "down")]
    if not bad:
        return
    bad.sort(key=lambda row: -abs(row[5] or 0))
    days = sorted({row[1] for row in bad})
    names = ("metric", "date", "value", "expected_low", "expected_high", "deviation_pct")
    yield Finding(
        "unusual_days",
        f"{len(days)} unusual {'day' if len(days) == 1 else 'days'}: {', '.join(days[:MOST_EXAMPLES])}.",
        "warning",
        {"days": [dict(zip(names, row, strict=False)) for row in bad[:MOST_EXAMPLES]], "found": len(bad)},
        "Something changed on the first of these days: an edit, a site or tracking fault, a holiday, a competitor.",
        f"Look at what was changed around {days[0]} (ads_get_changes) and at the pixel's events of that day.",
    )


def ranking_findings(rows: Sequence[Row]) -> Iterator[Finding]:
    """Ads below average among those that competed for the same people. Raises TooLittle."""
    table = rankings.ranking_table(rows)
    place = {name: at for at, name in enumerate(table.columns)}
    known = [row for row in table.rows if row[place["diagnosis"]] != "not ranked"]
    if not known:
        raise TooLittle("Meta ranks none of these ads (each needs about 500 impressions)")
    below = [row for row in known if any(str(row[place[name]]).startswith("BELOW") for name in rankings.RANKINGS)]
    if not below:
        return
    spend = place["spend"]
    share = ratio(sum(row[spend] or 0 for row in below), sum(row[spend] or 0 for row in known), 100) or 0
    columns = ("ad_id", "ad_name", "spend", "diagnosis")
    yield Finding(
        "rankings",
        f"{len(below)} of {len(known)} ranked ads are below average; they took {share:.0f} % of these ads' spend.",
        "warning" if share >= BELOW_AVERAGE_SHARE_PCT else "info",
        {
            "ads": [{name: row[place[name]] for name in columns} for row in below[:MOST_EXAMPLES]],
            "share_of_spend_pct": round(share, 1),
            "not_ranked": len(table.rows) - len(known),
        },
        "Compared with ads for the same people: " + _commonest([row[place["diagnosis"]] for row in below]) + ".",
        "See each ranking with ads_insights_auction_ranking_benchmarks; renew or pause the ads that spend most.",
    )


def _commonest(texts: Sequence[str]) -> str:
    return max(dict.fromkeys(texts), key=list(texts).count)


def by_severity(findings: Sequence[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda one: SEVERITIES.index(one.severity))


def count_by_severity(findings: Sequence[Finding]) -> Mapping[str, Any]:
    counts = {severity: sum(one.severity == severity for one in findings) for severity in SEVERITIES}
    return {severity: count for severity, count in counts.items() if count}
