"""Interpret the ad relevance diagnostics: three rankings per ad.

Sources: Meta Business Help, "About ad relevance diagnostics", and SDK class AdsInsights. Each ranking compares an ad
with ads that competed for the same audience. Rankings exist at level ad, from about 500 impressions on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from meta_ads_mcp.analysis.numbers import number
from meta_ads_mcp.core.result import Row, Table

RANKINGS = ("quality_ranking", "engagement_rate_ranking", "conversion_rate_ranking")
FIELDS = ("ad_id", "ad_name", *RANKINGS, "impressions", "spend", "account_currency")
MEANINGS = {
    "ABOVE_AVERAGE": "above average",
    "AVERAGE": "average (35th to 55th percentile)",
    "BELOW_AVERAGE_35": "below average: bottom 35 %",
    "BELOW_AVERAGE_20": "below average: bottom 20 %",
    "BELOW_AVERAGE_10": "below average: bottom 10 %",
    "UNKNOWN": "not ranked: under about 500 impressions, or too few comparable ads",
}
# Keys: whether quality, engagement and conversion are below average.
_DIAGNOSES = {
    (False, False, False): "nothing below average",
    (False, False, True): "interest but few conversions: offer, call to action, landing page",
    (False, True, False): "little interest: relevance to the audience, hook",
    (True, False, False): "seen as low quality: creative assets, or another audience",
    (False, True, True): "little interest and few conversions: relevance, call to action, landing page",
    (True, False, True): "draws attention but disappoints: clickbait or sensational claims",
    (True, True, False): "low quality and little interest: creative and relevance",
    (True, True, True): "below average throughout: new creative, audience and goal",
}


def ranking_table(rows: Sequence[Row]) -> Table:
    """Build a table with a row per ad: its ids, rankings, impressions, spend (major units) and diagnosis."""
    columns = [name for name in FIELDS if name != "account_currency"]
    return Table([*columns, "diagnosis"], [[*(_cell(row, name) for name in columns), diagnosis(row)] for row in rows])


def _cell(row: Row, name: str) -> Any:
    if name in RANKINGS:
        return row.get(name) or "UNKNOWN"
    return number(row.get(name)) if name in ("impressions", "spend") else row.get(name)


def diagnosis(row: Row) -> str:
    """Say what the rankings of an ad point to, or `not ranked`."""
    ranks = [str(row.get(name) or "UNKNOWN") for name in RANKINGS]
    named_ranks = [rank for rank in ranks if rank != "UNKNOWN"]
    if not named_ranks:
        return "not ranked"
    quality, engagement, conversion = (rank.startswith("BELOW") for rank in ranks)
    limitation = "" if len(named_ranks) == len(ranks) else " (of the rankings known)"
    return _DIAGNOSES[quality, engagement, conversion] + limitation


def meanings(table: Table) -> str:
    """Explain each ranking value that the table contains."""
    places = [table.columns.index(name) for name in RANKINGS]
    values = {row[place] for row in table.rows for place in places}
    return "; ".join(f"{rank} = {text}" for rank, text in MEANINGS.items() if rank in values)
