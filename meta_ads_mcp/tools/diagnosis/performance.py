"""Report delivery that stopped or shrank, and costs that rose between two windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log

from meta_ads_mcp.analysis.anomalies import compare_windows
from meta_ads_mcp.analysis.numbers import Number, change_pct, ratio
from meta_ads_mcp.analysis.series import Figures, cost_label
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.tools.diagnosis.comparison import LIMITS, Comparison
from meta_ads_mcp.tools.diagnosis.finding import MAX_EXAMPLES, Finding, InsufficientData
from meta_ads_mcp.tools.diagnosis.movers import Contribution

# A change of this size is critical.
CRITICAL_PCT = 60
# An object that explains at least this share of a change is named as its cause.
MAIN_SHARE_PCT = 50
# Objects that explain at least this share of fewer results are named, the first few of them.
NAMED_SHARE_PCT, MAX_NAMED = 20, 3
# Orders are smaller if their value is below this share of the earlier one.
SMALLER_ORDERS = 0.9
# The hypothesis and the next step for each factor of a cost.
_FACTORS = {
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
# The sentence, the hypothesis, the next step and the evidence for a metric that changed by itself.
_METRICS: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "cpm": ("cpm rose", *_FACTORS["cpm"], ("cpm", "spend", "impressions")),
    "ctr": ("The click-through rate fell", *_FACTORS["ctr"], ("ctr", "spend", "impressions")),
    "results": ("Results fell", *_FACTORS["conversion_rate"], ("results", "spend", "clicks")),
    "purchase_roas": (
        "The return on ad spend fell",
        "Smaller orders, fewer purchases per click, or purchases that are not attributed yet.",
        "Compare purchase and purchase_value with ads_get_insights, and check that values are sent by the pixel.",
        ("purchase_roas", "spend", "results"),
    ),
}


@dataclass(frozen=True)
class Shares:
    """How much of the change of the cost per result, and of the results, each object below explains."""

    cost: Sequence[Contribution] = ()
    results: Sequence[Contribution] = ()


def performance_findings(comparison: Comparison, shares: Shares | None = None) -> Iterator[Finding]:
    """Report what stopped, shrank or became more expensive. Raises InsufficientData."""
    now, before = comparison.now, comparison.before
    if not now.impressions and comparison.partial:
        raise InsufficientData("nothing was delivered yet on a day that is not over")
    if not now.impressions:
        yield _no_delivery_finding(comparison)
        return
    if not before.impressions:
        raise InsufficientData("nothing was delivered in the window before, so there is nothing to compare with")
    if max(now.impressions, before.impressions) < LIMITS.min_impressions:
        raise InsufficientData(f"fewer than {LIMITS.min_impressions} impressions in either window")
    change = comparison.change("impressions")
    if "impressions" in comparison.metrics and change is not None and change <= -LIMITS.threshold_pct:
        yield _shrunk(comparison, change)
    yield from _worse_metrics(comparison, shares or Shares())


def _worse_metrics(comparison: Comparison, shares: Shares) -> Iterator[Finding]:
    """Report a cost with its main factor, and other metrics only if that cost does not explain them."""
    changes = compare_windows(comparison.now, comparison.before, comparison.metrics, LIMITS)
    worse = {row[0]: row[3] for row in changes if row[5] == "bad"}
    cost = "cost_per_result" if "cost_per_result" in worse else "cpc"
    if cost in worse:
        yield _cost_rise(comparison, cost, worse[cost], shares.cost if cost == "cost_per_result" else ())
    causes = {"cpm", "ctr", "results"} if cost in worse else set()
    if {"cost_per_result", "results"} & worse.keys() and not _orders_are_smaller(comparison):
        causes.add("purchase_roas")
    for name in _METRICS:
        if name == "results" and name in worse and name not in causes and shares.results:
            yield _fewer_results(comparison, worse[name], shares.results)
        elif name in worse and name not in causes:
            yield _metric_change(comparison, name, worse[name])


def _orders_are_smaller(comparison: Comparison) -> bool:
    """Return whether the value per purchase fell, so that a lower return is more than fewer purchases."""
    if comparison.event != "purchase":
        return True
    values = [ratio(figures.value, figures.results) for figures in (comparison.now, comparison.before)]
    return values[0] is not None and values[1] is not None and values[0] < SMALLER_ORDERS * values[1]


def _fewer_results(comparison: Comparison, change: Number, shares: Sequence[Contribution]) -> Finding:
    """Report results that fell, with the objects that explain it."""
    main = [item for item in shares if item.share_pct >= NAMED_SHARE_PCT][:MAX_NAMED]
    names = ", ".join(
        f"{item.share_pct:.0f} % of it because of {item.mover.name or item.mover.id} "
        f"({item.mover.before.results or 0:,} to {item.mover.now.results or 0:,})"
        for item in main
    )
    event = (comparison.event or "result").replace("_", " ")
    evidence: Row = comparison.evidence("results", "spend", "cost_per_result", "clicks")
    evidence["contributions"] = [item.public() for item in shares[:MAX_EXAMPLES]]
    hypothesis, next_step = _reason_of(main[0]) if main else _FACTORS["conversion_rate"]
    return Finding(
        "performance",
        f"Results ({event}) fell by {abs(change):g} %{': ' + names if names else ''}.",
        "critical" if abs(change) >= CRITICAL_PCT else "warning",
        evidence,
        hypothesis,
        next_step,
    )


def _reason_of(item: Contribution) -> tuple[str, str]:
    """Return the hypothesis and the next step for the object that explains most."""
    now, before = item.mover.now, item.mover.before
    name = item.mover.name or item.mover.id
    step = f"Diagnose it by itself: ads_diagnose_underperformance with object_id={item.mover.id}."
    if not now.impressions:
        return f"{name} stopped: paused, ended, rejected or without budget.", step
    spend = change_pct(now.spend, before.spend)
    if spend is not None and spend <= -LIMITS.threshold_pct:
        return f"{name} spent {abs(spend):g} % less.", step
    factors = cost_factors(now, before, results=True)
    driver = max(factors, key=lambda factor: factors[factor]) if factors else "conversion_rate"
    return f"{name}: {_FACTORS[driver][0]}", step


def _no_delivery_finding(comparison: Comparison) -> Finding:
    return Finding(
        "performance",
        "Delivery stopped: no impressions in the window."
        if comparison.before.impressions
        else "Nothing was delivered, neither in the window nor in the one before.",
        "critical",
        comparison.evidence("spend", "impressions"),
        "It is paused, ended, rejected, out of budget, or its account cannot run ads.",
        "Look at the delivery findings here, then at the status with ads_get_errors and the dates and budget.",
    )


def _shrunk(comparison: Comparison, change: Number) -> Finding:
    return Finding(
        "performance",
        f"Delivery shrank: impressions {change:+g} %.",
        "critical" if change <= -CRITICAL_PCT else "warning",
        comparison.evidence("spend", "impressions", "cpm"),
        "A smaller budget, a tighter bid or audience, paused parts, or a more expensive auction.",
        "Compare spend and cpm: if spend fell too, ads_explain_change finds the edit; if not, look at cpm.",
    )


def _cost_rise(comparison: Comparison, cost: str, change: Number, contributions: Sequence[Contribution]) -> Finding:
    """Report a cost that rose: the objects that explain it first, then the factors (of the largest object, if one)."""
    by_result = cost == "cost_per_result"
    main = next((item for item in contributions if item.share_pct >= MAIN_SHARE_PCT), None)
    pair = (main.mover.now, main.mover.before) if main else (comparison.now, comparison.before)
    factors = cost_factors(*pair, results=by_result)
    driver = max(factors, key=lambda name: factors[name]) if factors else "cpm"
    hypothesis, next_step = _FACTORS[driver]
    label = cost_label(comparison.event) if by_result else "cost per click"
    evidence: Row = comparison.evidence(cost, *(("results",) if by_result else ()), "spend", "cpm", "ctr")
    if contributions:
        evidence["contributions"] = [item.public() for item in contributions[:MAX_EXAMPLES]]
    if factors:
        evidence["share_of_rise_pct"] = {name: round(value) for name, value in factors.items()}
    return Finding(
        "performance",
        f"The {label} rose by {change:g} %, {_explanation(main, driver if factors else '')}.",
        "critical" if change >= CRITICAL_PCT else "warning",
        evidence,
        hypothesis,
        next_step,
    )


def _explanation(main: Contribution | None, driver: str) -> str:
    factor = f"mostly through {driver.replace('_', ' ')}" if driver else "mostly through other shares of the spend"
    if main is None:
        return factor
    name = main.mover.name or main.mover.id
    share = f"{min(main.share_pct, 100):.0f} % of it because of {name}"
    if not main.mover.now.impressions:
        return f"{share}, which was cheaper and stopped"
    return f"{share}: {factor}"


def cost_factors(now: Figures, before: Figures, *, results: bool) -> dict[str, float]:
    """Return how much of a cost's rise each factor explains, in percent of the rise. They add up to 100.

    The cost per result is cpm / 1000 / (click rate x conversion rate), so the logarithms of the changes add up.
    """
    changes = {
        "cpm": _log_change(before.metric("cpm"), now.metric("cpm")),
        "ctr": _log_change(now.metric("ctr"), before.metric("ctr")),
    }
    if results:
        rates = [ratio(figures.results, figures.clicks) for figures in (now, before)]
        changes["conversion_rate"] = _log_change(rates[0], rates[1])
    whole = sum(value for value in changes.values() if value is not None)
    if None in changes.values() or whole <= 0:
        return {}
    return {name: (value or 0) / whole * 100 for name, value in changes.items()}


def _log_change(before: Number | None, now: Number | None) -> float | None:
    return log(now / before) if now and before and now > 0 and before > 0 else None


def _metric_change(comparison: Comparison, name: str, change: Number) -> Finding:
    text, hypothesis, next_step, evidence = _METRICS[name]
    return Finding(
        "performance",
        f"{text} by {abs(change):g} %.",
        "warning",
        comparison.evidence(*evidence),
        hypothesis,
        next_step,
    )
