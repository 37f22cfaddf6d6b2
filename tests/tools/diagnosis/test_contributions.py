"""How much of the change of a cost each object explains, and changes that chance alone explains."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.analysis.anomalies import Limits, Windows, compare_windows
from meta_ads_mcp.analysis.comparisons.meant import meant_for
from meta_ads_mcp.analysis.series import Figures
from meta_ads_mcp.core.values.dates import TimeRange
from meta_ads_mcp.tools.diagnosis.comparison import Comparison
from meta_ads_mcp.tools.diagnosis.movers import Mover, contributions
from meta_ads_mcp.tools.diagnosis.performance import Shares, performance_findings

DAYS = TimeRange(since="2026-10-07", until="2026-10-13")
EARLIER = TimeRange(since="2026-09-30", until="2026-10-06")


def window(spend: float, results: int, clicks: int = 1000) -> Figures:
    """Figures with 100 impressions for each unit of spend."""
    return Figures(spend=spend, impressions=round(spend * 100), clicks=clicks if spend else 0, results=results)


def mover(name: str, now: Figures, before: Figures, event: str = "purchase") -> Mover:
    return Mover(name, name, event, now, before)


def shares(*movers: Mover) -> dict[str, int]:
    return {item.mover.name: round(item.share_pct) for item in contributions(movers, "purchase")}


SAME = window(1000, 50)


def test_object_that_became_dearer_explains_the_rise() -> None:
    assert shares(mover("A", window(1000, 25), SAME), mover("B", SAME, SAME)) == {"A": 100, "B": 0}


def test_cheap_object_that_stopped_explains_the_rise() -> None:
    """A costs 20 in both windows. B cost 5 and stopped, so the total rose from 8 to 20."""
    assert shares(mover("A", SAME, SAME), mover("B", window(0, 0), window(1000, 200)))["B"] > 0


def test_objects_for_another_event_explain_nothing() -> None:
    lead = mover("L", window(9000, 10), window(10, 10), "lead")
    assert shares(mover("A", window(1000, 25), SAME), lead) == {"A": 100}


windows = st.builds(window, st.integers(1, 10**5), st.integers(1, 1000))


@given(st.lists(st.builds(mover, st.text("abc"), windows, windows), min_size=1, max_size=6))
def test_shares_add_up_to_the_whole_change(movers: list[Mover]) -> None:
    each = contributions(movers, "purchase")
    assert not each or sum(item.share_pct for item in each) == pytest.approx(100, abs=0.01)


@pytest.mark.parametrize(
    ("movers", "text"),
    [
        ([mover("A", window(1000, 25, 500), SAME), mover("B", SAME, SAME)], "because of A: mostly through ctr"),
        ([mover("A", window(1000, 25), SAME), mover("B", SAME, SAME)], "because of A: mostly through conversion rate"),
        ([mover(name, window(1000, 25), SAME) for name in "ABC"], "%, mostly through conversion rate"),
    ],
)
def test_finding_names_the_object_before_the_rate(movers: list[Mover], text: str) -> None:
    now, before = ([getattr(item, side) for item in movers] for side in ("now", "before"))
    whole = Figures(spend=99_999, impressions=500_000, clicks=5000, results=999)
    windows = Windows(DAYS, EARLIER, EARLIER)
    comparison = Comparison(windows, meant_for(whole, now), meant_for(whole, before), "purchase")
    sentences = [item.finding for item in performance_findings(comparison, Shares(contributions(movers, "purchase")))]
    assert any("cost per purchase rose" in sentence and text in sentence for sentence in sentences), sentences


@pytest.mark.parametrize(
    ("before", "now", "reported"),
    [(5, 1, False), (20, 12, False), (100, 60, True), (60, 100, True), (3, 0, False), (10, 0, True)],
)
def test_change_of_a_few_results_is_chance(before: int, now: int, *, reported: bool) -> None:
    rows = compare_windows(window(1000, now), window(1000, before), ["results"], Limits())
    assert bool(rows) is reported


def test_cost_counts_only_the_spend_that_was_meant_for_the_event() -> None:
    account = meant_for(Figures(spend=900, results=30), [window(300, 10), window(100, 10)])
    assert (account.spend, account.results, account.metric("cost_per_result")) == (900, 20, 20)
