"""Report days that differ from the same weekdays before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from meta_ads_mcp.analysis.anomalies import Limits
from meta_ads_mcp.analysis.signals import SignalCheck, signals
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.tools.diagnosis.comparison import METRICS, Comparison
from meta_ads_mcp.tools.diagnosis.finding import MAX_EXAMPLES, Finding, InsufficientData

_EVIDENCE = ("metric", "date", "value", "expected_low", "expected_high", "deviation_pct")


def unusual_day_findings(object_id: str, rows: Sequence[Row], comparison: Comparison) -> Iterator[Finding]:
    """Report days with a bad deviation. `rows` are Graph's daily rows of the object. Raises InsufficientData."""
    if comparison.partial:
        raise InsufficientData("a day that is not over cannot be compared with whole days")
    if not rows:
        raise InsufficientData("nothing was delivered in the window or the weeks before it")
    signal = signals(rows, SignalCheck(object_id, (), comparison.windows, METRICS, Limits()))[0]
    if signal.shortages:
        raise InsufficientData("; ".join(signal.shortages))
    bad = [row for row in signal.days if row[-1] == "bad" or (row[0] == "impressions" and row[-2] == "down")]
    if not bad:
        return
    bad.sort(key=lambda row: -abs(row[5] or 0))
    days = sorted({row[1] for row in bad})
    yield Finding(
        "unusual_days",
        f"{len(days)} unusual {'day' if len(days) == 1 else 'days'}: {', '.join(days[:MAX_EXAMPLES])}.",
        "warning",
        {"days": [dict(zip(_EVIDENCE, row, strict=False)) for row in bad[:MAX_EXAMPLES]], "found": len(bad)},
        "Something changed on the first of these days: an edit, a site or tracking fault, a holiday, a competitor.",
        f"Look at the edits around {days[0]} with ads_explain_change, and at the pixel's events of that day.",
    )
