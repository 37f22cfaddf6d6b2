"""Judge the results of a split test with named statistics, and show Meta's own results of a lift test."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from meta_ads_mcp.analysis.numbers import number
from meta_ads_mcp.core.params import Local, Params
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.dates import time_range
from meta_ads_mcp.core.values.ids import StudyId
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.experiments import inference
from meta_ads_mcp.tools.experiments.inference import Interval
from meta_ads_mcp.tools.experiments.outcome import count_results, shared_event, sum_values
from meta_ads_mcp.tools.experiments.study import (
    OBJECTIVES,
    Study,
    StudyCell,
    break_down,
    decode_results,
    edge_rows,
    iso,
    read_study,
)
from meta_ads_mcp.tools.insights.read_all import read_all

MIN_RESULTS, MIN_DAYS, MIN_ROAS_DAYS = 100, 7, 14
# The share of a cell in the spend may differ from its planned share by this much, relative to it.
MAX_SHARE_ERROR = 0.3
# A Poisson count is the limit of a binomial one with many trials.
POISSON_TRIALS = 10_000_000

Metric = Literal["cost_per_result", "result_rate", "ctr", "roas"]
TESTS: dict[str, str] = {
    "cost_per_result": "exact conditional test of two Poisson rates (results per spend) with Clopper-Pearson bounds",
    "result_rate": "two-proportion z-test on people; Wilson interval per cell, Newcombe interval of the difference",
    "ctr": "two-proportion z-test on impressions; Wilson interval per cell, Newcombe interval of the difference",
    "roas": f"bootstrap over days, {inference.BOOTSTRAP_DRAWS:,} draws with a fixed seed",
}


@dataclass(frozen=True)
class CellFigures:
    """Hold the figures of a cell over the whole test. Money is in the account's currency with decimals.

    `days` has (value, spend) of each day.
    """

    cell: StudyCell
    spend: float
    impressions: int
    people: int
    clicks: int
    results: int
    days: tuple[tuple[float, float], ...] = ()


@tool(
    "ads_experiment_abtest_get_test",
    Effect.READ,
    get("{study_id}"),
    node="AdStudy",
    singular="test",
    keywords="winner significance confidence interval ab test result lift",
)
class GetExperiment(Params):
    """Read a test with its cells and results, and judge with a named statistical test whether a winner can be called.

    Before the planned end, below 100 results in a cell or 7 full days the verdict is "too early".
    """

    study_id: StudyId
    metric: Annotated[Metric, Local()] = "cost_per_result"
    action_type: Annotated[
        str | None, Local(), Field(max_length=200, description="The result to count; default: that of the ad sets")
    ] = None
    confidence: Annotated[float, Local(), Field(ge=0.8, le=0.99)] = 0.95
    breakdowns: Annotated[
        list[Literal["age", "cell_id", "country", "gender"]] | None,
        Field(min_length=1, max_length=2, description="Of Meta's results of a lift study"),
    ] = None

    async def run(self, call: Call) -> Result:
        study = await read_study(call, self.study_id, OBJECTIVES)
        now = call.now().timestamp()
        head: Row = {
            **{name: study.row.get(name) for name in ("id", "name", "type")},
            "state": study.state(now),
            "start_time": iso(study.start),
            "end_time": iso(study.end),
        }
        if study.row.get("type") == "LIFT":
            return await self._show_lift(call, study, head)
        if len([cell for cell in study.cells if cell.members]) < 2 or not study.accounts:
            raise InvalidArguments(
                f"Study {study.label} has no two cells with campaigns or ad sets.",
                "Look at it with ads_get_study_details.",
            )
        return await self._judge(call, study, head, now)

    async def _show_lift(self, call: Call, study: Study, head: Row) -> Result:
        """Return Meta's results of a lift test as they are."""
        objectives = [decode_results(item) for item in edge_rows(study.row.get("objectives"))]
        if self.breakdowns:
            objectives = [await break_down(call, item, self.breakdowns) for item in objectives]
        note = "The results and their confidence are Meta's; this server does not compute them again."
        summary = f"Lift test {study.label}: {len(objectives)} objectives."
        return Result(summary, {**head, "objectives": objectives}, notes=[note])

    async def _judge(self, call: Call, study: Study, head: Row, now: float) -> Result:
        account = await call.account(study.accounts[0])
        days = _full_days(study, account, call.now())
        if days is None:
            raise InvalidArguments(f"Study {study.label} has no full day yet.", "Read it again tomorrow.")
        figures, event = await self._read_figures(call, study, account, days)
        length = (days[1] - days[0]).days + 1
        reasons = _reasons_to_wait(study, figures, length, now)
        pairs = self._compare(figures)
        verdict, sentence = self._verdict(figures, pairs, reasons)
        notes = [f"Test: {TESTS[self.metric]}. p-values are adjusted by Holm's method over all pairs."]
        if self.metric == "roas" and length < MIN_ROAS_DAYS:
            notes.append(f"A bootstrap over fewer than {MIN_ROAS_DAYS} days is weak.")
        notes += _split_notes(figures)
        data = {
            **head,
            "verdict": verdict,
            "metric": self.metric,
            "event": event,
            "period": {"since": days[0].isoformat(), "until": days[1].isoformat(), "full_days": length},
            "waiting_for": reasons,
            "next_step": _next_step(study, verdict, now),
            "cells": [self._public(each) for each in figures],
            "pairs": pairs,
        }
        return Result(f"Test {study.label}: {sentence}", data, notes=notes)

    async def _read_figures(
        self, call: Call, study: Study, account: Account, days: tuple[date, date]
    ) -> tuple[list[CellFigures], str]:
        level = study.cells[0].level
        ids = [member for cell in study.cells for member in cell.members]
        params: dict[str, Any] = {
            "level": level,
            "filtering": [{"field": f"{level}.id", "operator": "IN", "value": ids}],
            "time_range": time_range(*days).model_dump(),
        }
        fields = [f"{level}_id", "spend", "impressions", "reach", "clicks", "actions", "action_values", "results"]
        rows = await read_all(call, account.id, fields, **params)
        event = shared_event(rows, self.action_type)
        daily = (
            await read_all(call, account.id, fields[:-1], time_increment=1, **params) if self.metric == "roas" else []
        )
        return [_figures(cell, level, rows, daily, event) for cell in study.cells], event

    def _compare(self, figures: Sequence[CellFigures]) -> list[Row]:
        pairs = list(itertools.combinations(figures, 2))
        compared = [self._difference(first, second) for first, second in pairs]
        adjusted = inference.adjust_by_holm([p_value for *_, p_value in compared])
        return [
            {
                "cells": [first.cell.name, second.cell.name],
                "measure": measure,
                **_bounds(interval),
                "p_value": round(p_value, 6),
                "p_adjusted": round(p_adjusted, 6),
            }
            for (first, second), (measure, interval, p_value), p_adjusted in zip(pairs, compared, adjusted, strict=True)
        ]

    def _difference(self, first: CellFigures, second: CellFigures) -> tuple[str, Interval, float]:
        """Return what is compared, its value with bounds (second against first), and the p-value."""
        if self.metric == "cost_per_result":
            counts = (first.results, first.spend or math.inf), (second.results, second.spend or math.inf)
            if not (first.results + second.results and first.spend and second.spend):
                return "results per spend, second / first", Interval(math.nan, 0.0, math.inf), 1.0
            ratio = inference.rate_ratio_interval(*counts, self.confidence)
            return "results per spend, second / first", ratio, inference.rates_p_value(*counts)
        if self.metric == "roas":
            interval, p_value = inference.bootstrap_ratio_difference(first.days, second.days, self.confidence)
            return "ROAS, second - first", interval, p_value
        shares = [self._share(each) for each in (first, second)]
        if not all(trials for _, trials in shares):
            return f"{self.metric}, second - first", Interval(math.nan, -1.0, 1.0), 1.0
        interval = inference.newcombe_interval(shares[0], shares[1], self.confidence)
        return f"{self.metric}, second - first", interval, inference.proportions_p_value(shares[0], shares[1])

    def _share(self, each: CellFigures) -> tuple[int, int]:
        if self.metric == "ctr":
            return each.clicks, each.impressions
        return min(each.results, each.people), each.people

    def _verdict(self, figures: Sequence[CellFigures], pairs: Sequence[Row], reasons: Sequence[str]) -> tuple[str, str]:
        if reasons:
            return "too early", f"too early to call a winner. {' '.join(reasons)}"
        best = max(figures, key=self._goodness())
        against = [pair for pair in pairs if best.cell.name in pair["cells"]]
        if all(pair["p_adjusted"] < 1 - self.confidence for pair in against):
            return "winner", f'cell "{best.cell.name}" has the better {self.metric} ({self.confidence:.0%} confidence).'
        return "no difference seen", f"no difference in {self.metric} is seen at {self.confidence:.0%} confidence."

    def _goodness(self) -> Callable[[CellFigures], float]:
        if self.metric == "cost_per_result":
            return lambda each: each.results / each.spend if each.spend else 0.0
        if self.metric == "roas":
            return lambda each: sum(value for value, _ in each.days) / each.spend if each.spend else 0.0
        return lambda each: self._share(each)[0] / self._share(each)[1] if self._share(each)[1] else 0.0

    def _public(self, each: CellFigures) -> Row:
        return {
            "cell": each.cell.name,
            "planned_share_pct": each.cell.share,
            "spend": round(each.spend, 2),
            "people": each.people,
            "impressions": each.impressions,
            "clicks": each.clicks,
            "results": each.results,
            self.metric: _bounds(self._value(each)),
        }

    def _value(self, each: CellFigures) -> Interval:
        """Return the metric of a cell with its interval."""
        if self.metric == "roas":
            return inference.bootstrap_ratio(each.days, self.confidence) if each.days else Interval(math.nan, 0, 0)
        if self.metric == "cost_per_result":
            if not each.results or not each.spend:
                return Interval(math.inf, 0.0, math.inf)
            count = inference.clopper_pearson_interval(each.results, POISSON_TRIALS, self.confidence)
            low, high = count.high * POISSON_TRIALS, count.low * POISSON_TRIALS
            return Interval(each.spend / each.results, each.spend / low, each.spend / high if high else math.inf)
        hits, trials = self._share(each)
        return inference.wilson_interval(hits, trials, self.confidence) if trials else Interval(math.nan, 0.0, 1.0)


def _figures(cell: StudyCell, level: str, rows: Sequence[Row], daily: Sequence[Row], event: str) -> CellFigures:
    each = [row for row in rows if str(row.get(f"{level}_id")) in cell.members]

    def total(name: str) -> float:
        return float(sum(number(row.get(name)) or 0 for row in each))

    by_day: dict[str, tuple[float, float]] = {}
    for row in daily:
        if str(row.get(f"{level}_id")) in cell.members:
            value, spend = by_day.get(str(row.get("date_start")), (0.0, 0.0))
            value += sum_values(row, event)
            by_day[str(row.get("date_start"))] = value, spend + float(number(row.get("spend")) or 0)
    return CellFigures(
        cell,
        total("spend"),
        int(total("impressions")),
        int(total("reach")),
        int(total("clicks")),
        sum(count_results(row, event) for row in each),
        tuple(by_day[day] for day in sorted(by_day)),
    )


def _full_days(study: Study, account: Account, now: datetime) -> tuple[date, date] | None:
    """Return the first and last full day of the test so far, in the account's time zone."""
    if study.start is None:
        return None
    start = datetime.fromtimestamp(study.start, account.timezone)
    first = start.date() if start.time() == datetime.min.time() else start.date() + timedelta(days=1)
    until = now.timestamp() if study.end is None else min(now.timestamp(), study.end)
    last = datetime.fromtimestamp(until, account.timezone).date() - timedelta(days=1)
    return (first, last) if first <= last else None


def _reasons_to_wait(study: Study, figures: Sequence[CellFigures], days: int, now: float) -> list[str]:
    reasons = []
    if study.state(now) in ("running", "planned"):
        reasons.append(f"The planned end is {iso(study.end)}.")
    if days < MIN_DAYS:
        reasons.append(f"It has {days} full days; {MIN_DAYS} are required.")
    reasons += [
        f'Cell "{each.cell.name}" has {each.results} results; {MIN_RESULTS} are required.'
        for each in figures
        if each.results < MIN_RESULTS
    ]
    return reasons


def _next_step(study: Study, verdict: str, now: float) -> str:
    """Say what to do with the verdict. A test that is over gets no more results."""
    is_over = study.state(now) not in ("running", "planned")
    if verdict == "too early":
        if is_over:
            return (
                "The test is over and gets no more results. For a clear answer run a new, larger one: "
                "ads_experiment_check_eligibility computes its size and length, ads_create_ad_study creates it."
            )
        return "Wait for the planned end and read it again. Deciding earlier finds winners that are none."
    if verdict == "winner":
        return "Move the budget to the better cell: ads_shift_budget, or ads_set_status for the others."
    return "Keep what is cheaper to run, or test a larger difference: ads_experiment_check_eligibility plans it."


def _split_notes(figures: Sequence[CellFigures]) -> list[str]:
    spend, planned = sum(each.spend for each in figures), sum(each.cell.share for each in figures)
    if not spend or not planned:
        return []
    return [
        f'Cell "{each.cell.name}" took {each.spend / spend:.0%} of the spend instead of '
        f"{each.cell.share / planned:.0%}: the split did not hold."
        for each in figures
        if each.cell.share and abs(each.spend / spend * planned / each.cell.share - 1) > MAX_SHARE_ERROR
    ]


def _bounds(interval: Interval) -> Row:
    names = ("value", "low", "high")
    return {name: None if not math.isfinite(value := getattr(interval, name)) else round(value, 6) for name in names}
