"""The tool that compares rates with a baseline."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from meta_ads_mcp.analysis.cautions import today_note
from meta_ads_mcp.analysis.series import Measure, figures, sum_figures
from meta_ads_mcp.core.params import Closed, Form, Local
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Result
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.dates import TimeRange, preset_range
from meta_ads_mcp.core.values.enums import ViewLevel
from meta_ads_mcp.domain.insights_query import PresetParams
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.insights.benchmark import Baseline, benchmark, history_before, usable, verdict_sentence
from meta_ads_mcp.tools.insights.read_all import no_delivery, read_all

RATES = ("spend", "impressions", "clicks", "ctr", "cpc", "cpm", "account_currency")
NO_RESULTS = Measure(None, from_meta=False)


class BaselineValues(Closed):
    """What to compare with: ctr in percent, cpc and cpm in major units of the currency."""

    ctr: Annotated[float | None, Field(gt=0)] = None
    cpc: Annotated[float | None, Field(gt=0)] = None
    cpm: Annotated[float | None, Field(gt=0)] = None
    currency: Annotated[
        str | None, Form("a currency code", "EUR"), Field(pattern="^[A-Z]{3}$", description="Of cpc and cpm")
    ] = None

    def in_currency(self, currency: str) -> Baseline:
        """Return the values that are comparable in the account's currency."""
        same = self.currency in (None, currency)
        values = {"ctr": self.ctr, "cpc": self.cpc if same else None, "cpm": self.cpm if same else None}
        return Baseline("the caller's baseline", {name: value for name, value in values.items() if value is not None})


def _history_as_default(value: Any) -> Any:
    return None if value == "own_history" else value


@tool(
    "ads_insights_industry_benchmark",
    Effect.READ,
    get("{object_id}/insights"),
    node="AdsInsights",
    singular="comparison",
    keywords="compare average baseline",
)
class IndustryBenchmark(PresetParams):
    """Compare ctr, cpc and cpm with your own baseline, or with the 90 days before. Meta publishes no industry figures,
    so `industry` has no effect."""

    level: Annotated[ViewLevel, Local(), Field(description="What object_id is")] = "campaign"
    industry: Annotated[
        Literal["igaming", "ecommerce", "lead_gen", "saas", "finance", "education", "default"], Local()
    ] = "default"
    baseline: Annotated[
        BaselineValues | None,
        BeforeValidator(_history_as_default),
        Local(),
        Field(description="Default: own history"),
    ] = None

    async def run(self, call: Call) -> Result:
        account = await call.account(self.object_id)
        today = account.today(call.now())
        window = preset_range(self.date_preset, today)
        if window is None and self.baseline is None:
            raise InvalidArguments(
                f"date_preset '{self.date_preset}' has no earlier period to compare with.",
                "Give a baseline, or a shorter date_preset such as last_30d.",
            )
        rows = await read_all(call, self.object_id, RATES, date_preset=self.date_preset)
        if not rows:
            return no_delivery(self.object_id, window)
        bases = await self._baselines(call, account, window)
        observed = sum_figures([figures(row, NO_RESULTS) for row in rows])
        table = benchmark(observed, bases)
        verdicts = verdict_sentence(table) or "too little data for a verdict"
        summary = f"{self.object_id}, {self.date_preset}, {verdicts}; cpc and cpm in {account.currency}."
        return Result(summary, table, notes=[*self._notes(account), *today_note(window, account.timezone_name, today)])

    async def _baselines(self, call: Call, account: Account, window: TimeRange | None) -> list[Baseline]:
        if self.baseline or window is None:
            return [self.baseline.in_currency(account.currency)] if self.baseline else []
        before = history_before(window)
        targets = {account.id: "the account", self.object_id: "itself"}
        return [await self._history(call, target, text, before) for target, text in targets.items()]

    async def _history(self, call: Call, target: str, text: str, before: TimeRange) -> Baseline:
        rows = await read_all(call, target, RATES, time_range=before.model_dump())
        past = usable(sum_figures([figures(row, NO_RESULTS) for row in rows]))
        if not past:
            call.note(f"Too little delivery from {before.since} to {before.until} to compare with {text}.")
        return Baseline(f"{text} from {before.since} to {before.until}", past)

    def _notes(self, account: Account) -> list[str]:
        notes = ["Meta publishes no figures of industries, so the baseline is not one of an industry."]
        if self.industry != "default":
            notes.append(f"industry={self.industry} has no effect.")
        if self.baseline and self.baseline.currency not in (None, account.currency):
            notes.append(f"cpc and cpm in {self.baseline.currency} cannot be compared with {account.currency}.")
        elif self.baseline and self.baseline.currency is None and (self.baseline.cpc or self.baseline.cpm):
            notes.append(f"The baseline's cpc and cpm are assumed to be in {account.currency}.")
        return [*notes, "Verdicts: less than 10 % off is in line; 1,000 impressions and 20 clicks are required."]
