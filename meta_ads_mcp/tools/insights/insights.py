"""Tools that read insights: the figures of accounts, campaigns, ad sets and ads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, model_validator

from meta_ads_mcp.analysis import context, rankings
from meta_ads_mcp.analysis.anomalies import Limits, recent_windows
from meta_ads_mcp.analysis.cautions import date_note, preset_today_note
from meta_ads_mcp.analysis.charts.trend_findings import STEPS, TrendStory
from meta_ads_mcp.analysis.comparisons.windows import CompareTo, window_pair
from meta_ads_mcp.analysis.numbers import amount, total
from meta_ads_mcp.analysis.query.guardrails import check_arguments
from meta_ads_mcp.analysis.query.local import local_offset, local_selection
from meta_ads_mcp.analysis.query.selection import IDENTITY, build_request
from meta_ads_mcp.analysis.report import report
from meta_ads_mcp.analysis.series import FIELDS, periods, result_measure, unit_notes
from meta_ads_mcp.analysis.signals import SignalCheck, anomaly_result
from meta_ads_mcp.analysis.trend import trend
from meta_ads_mcp.core.params import Local, Params, Wire
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Listing, Page, Result, Row, Whole
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.dates import preset_range, require_within_lookback, time_range
from meta_ads_mcp.core.values.enums import ViewLevel
from meta_ads_mcp.core.values.ids import AccountId, AdId, AnyAdObject
from meta_ads_mcp.domain.insights_query import Chart, InsightsParams, ObjectParams, PeriodParams, Preset
from meta_ads_mcp.tools.accounts import label_account
from meta_ads_mcp.tools.insights.chart_rows import add_picture, trend_picture, with_report_chart
from meta_ads_mcp.tools.insights.compare import check_comparison, compare_insights, compare_periods
from meta_ads_mcp.tools.insights.event_days import read_periods
from meta_ads_mcp.tools.insights.read_all import no_delivery, read_all, read_name

# Answers with at least this many rows suggest a file.
MANY_ROWS = 100
ACCOUNT = (
    "id account_id name currency account_status disable_reason timezone_name balance amount_spent spend_cap".split()
)


@tool(
    "ads_get_insights",
    Effect.READ,
    get("{object_id}/insights"),
    node="AdsInsights",
    singular="row",
    keywords="metrics performance report spend results roas breakdown",
)
class GetInsights(InsightsParams):
    """Read figures of an account, campaign, ad set or ad: spend, impressions, clicks, costs, and each conversion once.

    level makes a row per campaign, ad set or ad. Long ranges with breakdowns need ads_run_report_and_wait.
    """

    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    after: Annotated[str | None, Local(), Field(max_length=2000)] = None
    max_items: Annotated[int | None, Local(), Field(ge=1, le=5000)] = None
    compare_to: CompareTo | None = None
    chart: Chart = False

    @model_validator(mode="after")
    def _check_arguments(self) -> Self:
        check_arguments(self, synchronous=True)
        if self.compare_to:
            check_comparison(self)
        if self.compare_to or local_selection(self):
            local_offset(self.after)
        return self

    async def run(self, call: Call) -> Result:
        if self.compare_to:
            count = self.max_items or self.limit
            answer, rows = await compare_insights(call, self, self.compare_to, after=self.after, count=count)
            return await self._with_chart(call, answer, rows) if self.chart else answer
        account = await call.account(self.object_id)
        today = account.today(call.now())
        request = build_request(self, account, today, synchronous=True)
        for text in request.notes:
            call.note(text)
        if local_selection(self):
            start, count = local_offset(self.after), self.max_items or self.limit
            rows = await read_all(call, self.object_id, request.fields, **request.params)
            listing = Listing(rows)
            answer = report(self, listing, account, today, window=slice(start, start + count))
        else:
            listing = await call.graph.list(
                f"{self.object_id}/insights",
                fields=request.fields,
                limit=self.limit,
                after=self.after,
                max_items=self.max_items,
                **request.params,
            )
            answer = report(self, listing, account, today, all_rows=self.after is None)
        if len(listing.rows) >= MANY_ROWS:
            call.note("Many rows: ads_run_report_and_wait with save_as takes the same query and writes all to a file.")
        if not self.chart:
            return answer
        return await with_report_chart(call, self, answer, account, listing.rows)

    async def _with_chart(self, call: Call, answer: Result, rows: list[Row]) -> Result:
        """Add a picture of the later window of a comparison."""
        if not rows:
            call.note("No picture of one row: set level or breakdowns, or see ads_insights_performance_trend.")
            return answer
        account = await call.account(self.object_id)
        return await with_report_chart(call, self, answer, account, rows)


@tool(
    "ads_insights_performance_trend",
    Effect.READ,
    get("{object_id}/insights"),
    node="AdsInsights",
    singular="period",
    keywords="over time daily weekly monthly development",
)
class PerformanceTrend(PeriodParams):
    """Show how one object develops by day, week (from Monday) or month: changes, and which metrics rise or fall."""

    level: Annotated[ViewLevel, Local(), Field(description="What object_id is")] = "account"
    granularity: Annotated[Literal["daily", "weekly", "monthly"], Local()] = "daily"
    compare_to: CompareTo | None = None
    chart: Chart = False

    async def run(self, call: Call) -> Result:
        account = await call.account(self.object_id)
        today = account.today(call.now())
        if self.time_range:
            require_within_lookback(self.time_range, today)
        increment = {"daily": "1", "weekly": "7", "monthly": "monthly"}[self.granularity]
        days = self.time_range or preset_range(self.date_preset, today)
        pair = window_pair(days, self.compare_to, today) if self.compare_to else None
        period = {"time_range": days.model_dump()} if days and self.granularity == "weekly" else self.period()
        rows, meant = await read_periods(call, self.object_id, FIELDS, increment, **period)
        measure = result_measure(rows)
        series = periods(rows, measure, min(days.last, today) if days else today, self.granularity)
        if not series:
            return no_delivery(self.object_id, days)
        data, notes = trend(series, today)
        data = {**await read_name(call, self.object_id, account), "currency": account.currency, **data}
        spent = amount(total(period.figures.spend for period in series), account.currency)
        summary = (
            f"{len(series)} {self.granularity} periods of {self.object_id}, {series[0].start} to {series[-1].stop} "
            f"({account.timezone_name}). Spend {spent}."
        )
        before = None
        event_note = meant.note() if meant and meant.event else measure.note()
        notes = [event_note, f"Money in {account.currency}.", *notes, *date_note(rows)]
        if pair is not None:
            earlier, sentence, before = await compare_periods(
                call, self.object_id, pair, self.granularity, increment, account
            )
            data, summary, notes = {**earlier, **data}, f"{summary} {sentence}", [*notes, *pair.notes()]
        answer = Result(summary, Whole(data), notes=notes)
        if not self.chart:
            return answer
        story = TrendStory(series, measure, account.currency, today, STEPS[self.granularity])
        return add_picture(answer, await trend_picture(call, self.object_id, story, account, before))


Metric = Literal["spend", "impressions", "clicks", "ctr", "cpc", "cpm", "results", "cost_per_result", "purchase_roas"]


@tool(
    "ads_insights_anomaly_signal",
    Effect.READ,
    get("{object_id}/insights"),
    node="AdsInsights",
    singular="anomaly",
    keywords="alert spike drop unusual monitoring",
)
class AnomalySignal(ObjectParams):
    """Find unusual days and weeks: metrics of the latest full days against the same weekdays before.

    For an account, level checks each campaign, ad set or ad that delivered.
    """

    level: Annotated[ViewLevel, Local()] = "campaign"
    window_days: Annotated[int, Local(), Field(ge=1, le=30)] = 7
    threshold_pct: Annotated[float, Local(), Field(ge=1, le=500)] = 30
    metrics: Annotated[list[Metric], Local(), Field(min_length=1, default_factory=lambda: list(get_args(Metric)))]
    min_impressions: Annotated[int, Local(), Field(ge=0, description="Ignore what has fewer")] = 500

    async def run(self, call: Call) -> Result:
        account = await call.account(self.object_id)
        windows = recent_windows(account.today(call.now()), self.window_days)
        days = {"since": windows.history.since, "until": windows.recent.until}
        level = self.level.replace("ad_set", "adset") if self._splits else None
        identity = IDENTITY.get(level or "", ())
        rows = await self._read_days(call, days, identity, level)
        if not rows:
            return no_delivery(self.object_id, time_range(windows.history.first, windows.recent.last))
        limits = Limits(self.threshold_pct, self.min_impressions)
        return anomaly_result(SignalCheck(self.object_id, identity, windows, self.metrics, limits), rows, account)

    async def _read_days(self, call: Call, days: Row, identity: Sequence[str], level: str | None) -> list[Row]:
        if level is None:
            rows, meant = await read_periods(call, self.object_id, FIELDS, "1", time_range=days)
            if meant is not None and meant.event:
                call.note(meant.note())
            return rows
        fields = (*identity, *FIELDS)
        return await read_all(call, self.object_id, fields, time_range=days, time_increment="1", level=level)

    @property
    def _splits(self) -> bool:
        """Return whether each object below the given one is checked separately."""
        if self.object_id.startswith("act_"):
            return self.level != "account"
        return "level" in self.model_fields_set and self.level in ("ad_set", "ad")


@tool(
    "ads_insights_auction_ranking_benchmarks",
    Effect.READ,
    get("{ad_id}/insights", "{object_id}/insights"),
    node="AdsInsights",
    singular="ad",
    keywords="quality ranking relevance diagnostics competition",
)
class AuctionRankingBenchmarks(Params):
    """Rank ads against those that competed for the same audience: quality, engagement rate and conversion rate."""

    ad_id: AdId | None = None
    object_id: AnyAdObject | None = None
    date_preset: Preset = "last_7d"
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    after: Annotated[str | None, Local(), Field(max_length=2000)] = None

    @model_validator(mode="after")
    def _require_object(self) -> Self:
        if self.ad_id is None and self.object_id is None:
            raise ValueError("give ad_id or object_id")
        return self

    async def run(self, call: Call) -> Result:
        target = str(self.object_id or self.ad_id)
        account = await call.account(target)
        listing = await call.graph.list(
            f"{target}/insights",
            fields=rankings.FIELDS,
            limit=self.limit,
            after=self.after,
            level="ad",
            date_preset=self.date_preset,
            sort=["spend_descending"],
        )
        table = rankings.ranking_table(listing.rows)
        page = Page(len(listing.rows), listing.has_more, listing.after)
        if not listing.rows:
            return Result(f"No ad of {target} delivered in {self.date_preset}.", table, page)
        rank_count = sum(row[-1] != "not ranked" for row in table.rows)
        suffix = "; more follow, call again with page.after" if listing.has_more else ""
        text = f"{rank_count} of these have rankings"
        summary = f"{len(table.rows)} ads of {target}, {self.date_preset}, by spend; {text}{suffix}."
        notes = [f"Rankings: {rankings.meanings(table)}.", f"Money in {account.currency}."]
        notes += preset_today_note(self.date_preset, account.timezone_name, call.now())
        return Result(summary, table, page, notes, listing.marks)


@tool(
    "ads_insights_advertiser_context",
    Effect.READ,
    get("{account_id}/insights"),
    node="AdsInsights",
    singular="account",
    keywords="overview summary top campaigns",
)
class AdvertiserContext(Params):
    """Get to know an account: status, currency, balance, totals, and the campaigns that spend most with their share."""

    account_id: AccountId
    date_preset: Preset = "last_30d"
    top_n_campaigns: Annotated[int, Wire("limit"), Field(ge=1, le=20)] = 5

    async def run(self, call: Call) -> Result:
        row = await call.graph.get(self.account_id, fields=ACCOUNT)
        path = f"{self.account_id}/insights"
        period: dict[str, Any] = {"date_preset": self.date_preset}
        whole = await call.graph.list(path, fields=context.FIELDS[2:], limit=1, level="account", **period)
        best = await call.graph.list(
            path,
            fields=context.FIELDS,
            limit=self.top_n_campaigns,
            level="campaign",
            sort=["spend_descending"],
            **period,
        )
        currency = str(row.get("currency", ""))
        totals = context.totals(whole.rows[0]) if whole.rows else {"spend": 0}
        top = context.top_table(best.rows, totals.get("spend"))
        data = {
            "account": label_account(row),
            "period": _period(whole.rows, self.date_preset),
            "totals": totals,
            "top_campaigns": Whole(top.public()),
        }
        share = sum(cells[3] or 0 for cells in top.rows)
        summary = (
            f"{row.get('name')}: spend {amount(totals['spend'], currency)} in {self.date_preset}; "
            f"the top {len(top.rows)} campaigns make {share:.0f} % of it."
            if whole.rows
            else f"{row.get('name')}: no delivery in {self.date_preset}."
        )
        events = [row[-1] for row in top.rows]
        notes = [f"Figures in {currency}. results count each campaign's result_event.", *unit_notes(events)]
        notes += preset_today_note(self.date_preset, str(row.get("timezone_name")), call.now())
        return Result(summary, data, notes=notes)


def _period(rows: list[Row], preset: str) -> Row:
    days = {"since": rows[0].get("date_start"), "until": rows[0].get("date_stop")} if rows else {}
    return {"date_preset": preset, **days}
