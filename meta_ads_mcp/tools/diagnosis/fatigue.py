"""Report ads that have worn out, and people who see the same ads often and click less."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from meta_ads_mcp.analysis.anomalies import MIN_EVENTS
from meta_ads_mcp.analysis.comparisons.ad_wear import (
    STATES,
    THRESHOLD,
    WEEK_DAYS,
    Wear,
    judge_ads,
    weeks_of_days,
    worst_first,
)
from meta_ads_mcp.analysis.numbers import change_pct, round_number
from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.tools.diagnosis.case import AD_WEEKS, Case
from meta_ads_mcp.tools.diagnosis.comparison import LIMITS, Comparison
from meta_ads_mcp.tools.diagnosis.finding import MAX_EXAMPLES, Finding, InsufficientData

# (days of a window, frequency that is high in a window of at most that length)
HIGH_FREQUENCY = ((7, 3.0), (31, 5.0), (10_000, 8.0))
MIN_CHANGE_PCT = 10


def judge_top_ads(case: Case) -> list[tuple[Row, Wear]]:
    """Return the ads with the highest spend, each with its wear, the worst first. Raises AdsError."""
    until = case.comparison.windows.recent.last
    trend = weeks_of_days(case.rows("days"), until)
    rows = case.rows(AD_WEEKS) if AD_WEEKS in case.answers else []
    names = {str(row.get("ad_id")): row for row in rows}
    wear = judge_ads(rows, trend, until - timedelta(days=WEEK_DAYS - 1))
    return sorted(((names[ad_id], item) for ad_id, item in wear.items()), key=lambda pair: worst_first(pair[1]))


def fatigue_summary(case: Case) -> Row:
    """Return the threshold and how many ads are beyond it, also if there are none. Raises AdsError."""
    each = judge_top_ads(case)
    counts = {state: sum(wear.state == state for _, wear in each) for state in STATES}
    return {"threshold": THRESHOLD, "ads_judged": len(each), **counts}


def worn_ad_findings(case: Case) -> Iterator[Finding]:
    """Report the ads that have worn out. Raises AdsError if their weekly figures could not be read."""
    worn_ads = [(row, wear) for row, wear in judge_top_ads(case) if wear.state == "worn_out"]
    if not worn_ads:
        return
    examples = [
        {"ad_id": row.get("ad_id"), "ad_name": row.get("ad_name"), **wear.public()}
        for row, wear in worn_ads[:MAX_EXAMPLES]
    ]
    yield Finding(
        "fatigue",
        f"{len(worn_ads):,} {plural('ad', len(worn_ads))} have worn out: seen more often, clicked less than in their "
        "best two weeks.",
        "warning",
        {"ads": examples, "threshold": THRESHOLD["worn_out"]},
        "Creative fatigue: the audience has seen these ads.",
        f"See all with ads_get_creative_fatigue account_id={case.subject.account.id}, then renew their creatives.",
    )


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
        "Add new creatives, widen the audience, or lower the budget; see ads_get_creative_fatigue.",
    )
