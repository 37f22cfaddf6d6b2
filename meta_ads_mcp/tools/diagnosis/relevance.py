"""Report ads that Meta ranks below average."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from meta_ads_mcp.analysis.numbers import ratio
from meta_ads_mcp.analysis.rankings import RANKINGS, ranking_table
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.tools.diagnosis.finding import MAX_EXAMPLES, Finding, InsufficientData

WARNING_SHARE_PCT = 30


def ranking_findings(rows: Sequence[Row]) -> Iterator[Finding]:
    """Report ads below average among those that competed for the same audience. Raises InsufficientData.

    `rows` are Graph's rows of ads with `rankings.FIELDS`.
    """
    table = ranking_table(rows)
    place = {name: index for index, name in enumerate(table.columns)}
    ranks = [row for row in table.rows if row[place["diagnosis"]] != "not ranked"]
    if not ranks:
        raise InsufficientData("Meta ranks none of these ads (each requires about 500 impressions)")
    below = [row for row in ranks if any(str(row[place[name]]).startswith("BELOW") for name in RANKINGS)]
    if not below:
        return
    spend = place["spend"]
    share = ratio(sum(row[spend] or 0 for row in below), sum(row[spend] or 0 for row in ranks), 100) or 0
    columns = ("ad_id", "ad_name", "spend", "diagnosis")
    yield Finding(
        "rankings",
        f"{len(below)} of the {len(ranks)} ranked ads read are below average, with {share:.0f} % of their spend.",
        "warning" if share >= WARNING_SHARE_PCT else "info",
        {
            "ads": [{name: row[place[name]] for name in columns} for row in below[:MAX_EXAMPLES]],
            "share_of_spend_pct": round(share, 1),
            "not_ranked": len(table.rows) - len(ranks),
        },
        f"Compared with ads for the same people: {_most_frequent([row[place['diagnosis']] for row in below])}.",
        "See each ranking with ads_insights_auction_ranking_benchmarks; renew or pause the ads that spend most.",
    )


def _most_frequent(texts: Sequence[str]) -> str:
    return max(dict.fromkeys(texts), key=list(texts).count)
