"""The tool that ranks ads and their creatives by fatigue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from meta_ads_mcp.analysis.comparisons.ad_wear import (
    FIELDS,
    STATES,
    THRESHOLD,
    WEEK_DAYS,
    Wear,
    judge_ads,
    weeks_of,
    weeks_until,
    worst_first,
)
from meta_ads_mcp.analysis.numbers import Number, amount, number, total
from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.params import Local, Params
from meta_ads_mcp.core.partial import attempt, unread
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Result, Row, Table, Whole
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.dates import TimeRange, time_range
from meta_ads_mcp.core.values.graph_values import unix_seconds
from meta_ads_mcp.core.values.ids import AccountId, AdSetId, CampaignId
from meta_ads_mcp.core.values.money import Money, offset, to_minor
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.insights.read_all import no_delivery, read_all

# How far back an ad's best weeks are looked for, unless the call asks for more.
MIN_HISTORY_DAYS = 63
# Ads that are candidates, those with the highest spend first, and how many of them one request names.
MAX_ADS, ADS_PER_REQUEST = 400, 100
DEFAULT_SHARE_OF_AD_SET = 0.02
META_FIELDS = (
    "creative_fatigue_summary creative_fatigued_ads creative_diversity_score creative_diversity_label "
    "creative_diversity_data"
).split()
AD_SET_FIELDS = "id name creative_diversity_label creative_diversity_score low_creative_reach".split()
COLUMNS: list[str] = [
    *"ad_id ad_name creative_id state decline_pct ctr_best ctr_7d frequency_best frequency_7d".split(),
    *"days_left days_running spend".split(),
]


@dataclass(frozen=True)
class AdScope:
    """What is judged: the account, campaign or ad set, and the last day, in the account's time zone."""

    id: str
    account: Account
    until: date
    days: int

    @property
    def period(self) -> TimeRange:
        """Return the days of the spend."""
        return time_range(self.until - timedelta(days=self.days - 1), self.until)

    @property
    def weeks(self) -> TimeRange:
        """Return the whole weeks in which an ad's best ones are looked for."""
        return weeks_until(self.until, max(self.days, MIN_HISTORY_DAYS))


@tool(
    "ads_get_creative_fatigue",
    Effect.READ,
    get("{account_id}/insights", "{account_id}/adsets", "{account_id}/ads"),
    node="AdsInsights",
    singular="ad",
    keywords="worn out tired creatives frequency ctr decline refresh",
)
class GetCreativeFatigue(Params):
    """Rank running ads and their creatives by fatigue: CTR of the last 7 days against the best two weeks, frequency,
    days left or "not yet", and Meta's own figures."""

    account_id: AccountId
    campaign_id: CampaignId | None = None
    ad_set_id: AdSetId | None = None
    days: Annotated[int, Local(), Field(ge=14, le=90, description="Days of spend, ending yesterday")] = 28
    min_spend: Annotated[
        Money | None, Local(), Field(description="Leave out ads below. Default: 2 % of their ad set's spend")
    ] = None
    limit: Annotated[int, Local(), Field(ge=1, le=100)] = 25

    async def run(self, call: Call) -> Result:
        """Read the ads with their spend, their weekly figures, their creatives, and Meta's own figures."""
        account = await call.account(self.account_id)
        yesterday = account.today(call.now()) - timedelta(days=1)
        scope = AdScope(self.ad_set_id or self.campaign_id or account.id, account, yesterday, self.days)
        ads = await _read_spend(call, scope)
        if not ads:
            return no_delivery(scope.id, scope.period)
        large = self._large_enough(ads, account)
        candidates = large[:MAX_ADS]
        if len(candidates) < len(large):
            call.note(f"Only the {MAX_ADS} ads with the highest spend were judged; narrow with campaign_id.")
        wear = await _read_wear(call, scope, candidates)
        nodes = await _read_ads(call, scope, {str(row["ad_id"]) for row in candidates})
        each = [JudgedAd(row, wear.get(str(row["ad_id"])), nodes.get(str(row["ad_id"]), {})) for row in candidates]
        each.sort(key=JudgedAd.order)
        meta = await _read_meta(call, scope, each)
        return self._result(call, scope, each, len(ads) - len(large), meta)

    def _large_enough(self, ads: Sequence[Row], account: Account) -> list[Row]:
        """Return the ads with enough spend, the highest first."""
        if self.min_spend is not None:
            least = to_minor(self.min_spend, account.currency) / (offset(account.currency) or 1)
            return [row for row in ads if (number(row.get("spend")) or 0) >= least]
        spend: dict[str, list[Number]] = {}
        for row in ads:
            spend.setdefault(str(row.get("adset_id")), []).append(number(row.get("spend")) or 0)
        sums = {ad_set: float(total(values)) for ad_set, values in spend.items()}
        return [
            row
            for row in ads
            if (number(row.get("spend")) or 0) >= DEFAULT_SHARE_OF_AD_SET * sums[str(row.get("adset_id"))]
        ]

    def _result(self, call: Call, scope: AdScope, each: Sequence[JudgedAd], rest: int, meta: Row) -> Result:
        currency = scope.account.currency
        counts = {state: sum(ad.wear.state == state for ad in each) for state in STATES}
        first_ads = each[: self.limit]
        worn_ads = [ad for ad in each if ad.wear.state == "worn_out"]
        data: Row = {
            "threshold": THRESHOLD,
            "counts": counts,
            "worn_creatives": [creative for creative in _creatives(worn_ads) if creative["ads"] > 1],
            "ad_sets_without_fresh_creative": _stale_ad_sets(each),
            "ads": Whole(Table(COLUMNS, [ad.cells(call.now()) for ad in first_ads]).public()),
            **meta,
        }
        week = f"{scope.until - timedelta(days=WEEK_DAYS - 1)} to {scope.until}"
        notes = [
            f"CTR of {week} against each ad's best two weeks since {scope.weeks.since}, less the trend of {scope.id}.",
            f"Spend is of {scope.days} days, in {currency}.",
            *([f"Ads with too little spend to judge: {rest}. A lower min_spend includes them."] if rest else []),
            *(
                [f"The worst {len(first_ads)} of {len(each)} ads are shown; raise limit for more."]
                if len(first_ads) < len(each)
                else []
            ),
        ]
        return Result(_summary(scope, each, worn_ads, currency), Whole(data), notes=notes)


@dataclass(frozen=True)
class JudgedAd:
    """An ad: its row of spend, its wear, and Graph's object with its creative."""

    row: Row
    judgment: Wear | None
    node: Row

    @property
    def wear(self) -> Wear:
        """Return the judgment; an ad without weekly rows has too little data."""
        return self.judgment or Wear("too_little_data", None, None)

    @property
    def id(self) -> str:
        return str(self.row.get("ad_id"))

    @property
    def spend(self) -> Number:
        """Return the spend in major units."""
        return number(self.row.get("spend")) or 0

    @property
    def creative_id(self) -> str | None:
        """Return the id of the creative, or None if the ad could not be read."""
        creative = self.node.get("creative")
        return str(creative["id"]) if isinstance(creative, Mapping) and creative.get("id") else None

    def order(self) -> tuple[Any, ...]:
        """Return a sort key: the worst first, and the highest spend first among ads alike."""
        return *worst_first(self.wear), -self.spend

    def cells(self, now: datetime) -> list[Any]:
        """Return a row of `COLUMNS`."""
        created = unix_seconds(self.node.get("created_time"))
        running = None if created is None else (now - datetime.fromtimestamp(created, UTC)).days
        values = {**self.wear.public(), "days_running": running, "spend": self.spend, "creative_id": self.creative_id}
        return [self.id, self.row.get("ad_name"), *(values[name] for name in COLUMNS[2:])]


def _summary(scope: AdScope, each: Sequence[JudgedAd], worn_ads: Sequence[JudgedAd], currency: str) -> str:
    creatives = len({ad.creative_id or ad.id for ad in worn_ads})
    able = sum(ad.wear.state != "too_little_data" for ad in each)
    text = f"{len(worn_ads)} of {able:,} ads that can be judged in {scope.id} have worn out"
    other = sum(ad.wear.state == "other_cause" for ad in each)
    rest = f" {other} others lost CTR without a higher frequency: see ads_diagnose_underperformance." if other else ""
    if not worn_ads:
        return f"{text} (threshold: {THRESHOLD['worn_out']}).{rest}"
    spend = amount(total(ad.spend for ad in worn_ads), currency)
    step = "Replace their creatives: ads_create_ad_creative, then ads_update_ad."
    return f"{text} ({creatives:,} {plural('creative', creatives)}, spend {spend} in {scope.days} days). {step}{rest}"


def _creatives(worn_ads: Iterable[JudgedAd]) -> list[Row]:
    """Return each worn creative with the number of its worn ads."""
    groups: dict[str, list[JudgedAd]] = {}
    for ad in worn_ads:
        if ad.creative_id:
            groups.setdefault(ad.creative_id, []).append(ad)
    return [
        {"creative_id": creative, "ads": len(ads), "spend": total(ad.spend for ad in ads)}
        for creative, ads in groups.items()
    ]


def _stale_ad_sets(each: Sequence[JudgedAd]) -> list[Row]:
    """Return the ad sets all of whose judged ads have worn out."""
    groups: dict[str, list[JudgedAd]] = {}
    for ad in each:
        groups.setdefault(str(ad.row.get("adset_id")), []).append(ad)
    return [
        {"ad_set_id": ad_set, "ad_set_name": ads[0].row.get("adset_name"), "worn_ads": len(ads)}
        for ad_set, ads in groups.items()
        if all(ad.wear.state == "worn_out" for ad in ads)
    ]


def _running() -> Row:
    return {"field": "ad.effective_status", "operator": "IN", "value": ["ACTIVE"]}


async def _read_spend(call: Call, scope: AdScope) -> list[Row]:
    """Return a row per running ad with its spend of the period, the highest first."""
    rows = await read_all(
        call,
        scope.id,
        ("adset_id", "adset_name", "ad_id", "ad_name", "spend", "impressions", "frequency"),
        level="ad",
        time_range=scope.period.model_dump(),
        filtering=[_running()],
    )
    of_ads = [row for row in rows if row.get("ad_id")]
    return sorted(of_ads, key=lambda row: -(number(row.get("spend")) or 0))


async def _read_wear(call: Call, scope: AdScope, ads: Sequence[Row]) -> dict[str, Wear]:
    period: dict[str, Any] = {"time_range": scope.weeks.model_dump(), "time_increment": str(WEEK_DAYS)}
    trend = weeks_of(await read_all(call, scope.id, FIELDS, **period))
    rows: list[Row] = []
    for start in range(0, len(ads), ADS_PER_REQUEST):
        group = [str(row["ad_id"]) for row in ads[start : start + ADS_PER_REQUEST]]
        ids = {"field": "ad.id", "operator": "IN", "value": group}
        rows += await read_all(call, scope.id, ("ad_id", *FIELDS), level="ad", filtering=[ids], **period)
    return judge_ads(rows, trend, scope.until - timedelta(days=WEEK_DAYS - 1))


async def _read_ads(call: Call, scope: AdScope, ids: set[str]) -> dict[str, Row]:
    """Return the objects of the ads with their creatives. Without permission the creatives are left out."""
    nodes: dict[str, Row] = {}
    try:
        async for page in call.graph.each_page(
            f"{scope.id}/ads", fields=["id", "created_time", "creative{id}"], effective_status=["ACTIVE"]
        ):
            nodes |= {str(row.get("id")): row for row in page if str(row.get("id")) in ids}
    except AdsError as error:
        call.note(unread("The creatives", error))
    return nodes


async def _read_meta(call: Call, scope: AdScope, each: Sequence[JudgedAd]) -> Row:
    """Return what Meta says itself. The fields are new in v26.0 and may be refused or empty."""
    ids = {"field": "ad.id", "operator": "IN", "value": [ad.id for ad in each[:ADS_PER_REQUEST]]}
    period: dict[str, Any] = {"time_range": scope.period.model_dump(), "level": "ad", "filtering": [ids]}
    ads = await attempt(read_all(call, scope.id, ("ad_id", *META_FIELDS), **period))
    ad_sets = await attempt(_read_ad_sets(call, scope))
    parts = {
        "meta_fatigue": [] if isinstance(ads, AdsError) else _with_values(ads, META_FIELDS, "ad_id"),
        "meta_ad_sets": [] if isinstance(ad_sets, AdsError) else _with_values(ad_sets, AD_SET_FIELDS[2:], "id", "name"),
    }
    values = {name: rows for name, rows in parts.items() if rows}
    if "meta_fatigue" not in values:
        reason = f" ({ads.message})" if isinstance(ads, AdsError) else ""
        call.note(f"Meta gives no creative_fatigue_summary for these ads{reason}: the measure is this server's.")
    return values


async def _read_ad_sets(call: Call, scope: AdScope) -> list[Row]:
    if not scope.id.startswith("act_"):
        return []
    return (await call.graph.list(f"{scope.id}/adsets", fields=AD_SET_FIELDS, effective_status=["ACTIVE"])).rows


def _with_values(rows: Sequence[Row], names: Sequence[str], *identity: str) -> list[Row]:
    """Return the rows in which Meta gave one of the fields."""
    return [
        {name: row[name] for name in (*identity, *names) if row.get(name) not in (None, "", [])}
        for row in rows
        if any(row.get(name) not in (None, "", []) for name in names)
    ]
