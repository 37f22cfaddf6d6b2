"""Report people who see the same ads often and click less."""

from __future__ import annotations

from collections.abc import Iterator

from meta_ads_mcp.analysis.anomalies import MIN_EVENTS
from meta_ads_mcp.analysis.numbers import change_pct, round_number
from meta_ads_mcp.tools.diagnosis.comparison import LIMITS, Comparison
from meta_ads_mcp.tools.diagnosis.finding import Finding, InsufficientData

# (days of a window, frequency that is high in a window of at most that length)
HIGH_FREQUENCY = ((7, 3.0), (31, 5.0), (10_000, 8.0))
MIN_CHANGE_PCT = 10


def fatigue_findings(comparison: Comparison) -> Iterator[Finding]:
    """Report a high frequency, or one that rises while the click-through rate falls. Raises InsufficientData."""
    now, before = comparison.now.metric("frequency"), comparison.before.metric("frequency")
    if now is None or comparison.now.impressions < LIMITS.min_impressions or not comparison.now.reach:
        raise InsufficientData("no reach, or too few impressions, to tell how often people see the ads")
    days = comparison.windows.recent.days
    high = next(limit for max_days, limit in HIGH_FREQUENCY if days <= max_days)
    frequency_change, ctr_change = change_pct(now, before) or 0, comparison.change("ctr") or 0
    ctr_falls = ctr_change <= -MIN_CHANGE_PCT
    is_fatigue = frequency_change >= MIN_CHANGE_PCT and ctr_falls and comparison.now.reach >= MIN_EVENTS["reach"]
    if not is_fatigue and now < high:
        return
    yield Finding(
        "fatigue",
        f"People see the ads more often ({frequency_change:+g} %) and click less (ctr {ctr_change:+g} %)."
        if is_fatigue
        else f"Frequency is high: {round_number(now)} in {days} days.",
        "warning" if is_fatigue or ctr_falls else "info",
        {**comparison.evidence("frequency", "ctr", "reach"), "high_from": high},
        "The audience has seen these ads: creative fatigue, or an audience too small for the budget.",
        "Add new creatives, widen the audience, or lower the budget; ads_get_insights level=ad shows which ads tired.",
    )
