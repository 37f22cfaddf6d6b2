"""Tools for asynchronous insights reports, which Meta computes in the background. They change nothing at Meta."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import Field, PrivateAttr, model_validator

from meta_ads_mcp.analysis.query.guardrails import check_arguments
from meta_ads_mcp.analysis.query.local import local_selection
from meta_ads_mcp.analysis.query.selection import build_request
from meta_ads_mcp.analysis.report import report
from meta_ads_mcp.analysis.table import is_dimension
from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.params import Local, Params
from meta_ads_mcp.core.ports import Account, Call, ExportFormat
from meta_ads_mcp.core.result import Listing, Result, Row, Whole
from meta_ads_mcp.core.tool import Effect, get, post, tool
from meta_ads_mcp.core.values.enums import BREAKDOWNS
from meta_ads_mcp.core.values.ids import ReportRunId
from meta_ads_mcp.domain.insights_query import InsightsParams
from meta_ads_mcp.errors import AdsError, ApiError, DataLimit, InvalidArguments, NotFound, Transient
from meta_ads_mcp.tools.reports.file import ReportFile
from meta_ads_mcp.tools.reports.job import ReportJob
from meta_ads_mcp.tools.reports.run import ReportRun

RUN_FIELDS = (
    "id async_status async_percent_completion date_start date_stop error_code error_subcode error_message "
    "error_user_title error_user_msg is_running time_completed"
)
# Meta docs, marketing-api/insights/best-practices: a run expires after 30 days.
RETENTION_DAYS = 30
POLL_GROWTH, MAX_POLL_SECONDS = 1.5, 60.0
# Right after its creation, Graph may answer that a run does not exist (error 100/33).
VISIBILITY_SECONDS = 30.0
# Seconds to wait before asking again for the rows of a finished run that Graph denies.
DENIAL_PAUSES = (2.0, 5.0, 15.0)
EXPORT_PAGE = 1000
# Rows that are filtered or sorted here for an answer.
MAX_ROWS = 10_000

ReportLimit = Annotated[int, Local(), Field(ge=1, le=1000, description="Rows in the answer")]
SaveAs = Annotated[ExportFormat | None, Local(), Field(description="Write every row to a file")]


class ReportParams(InsightsParams):
    """The query of a report. It has the rules of a synchronous query, except for the length of the range."""

    @model_validator(mode="after")
    def _check_arguments(self) -> Self:
        check_arguments(self, synchronous=False)
        return self

    async def create(self, call: Call, account: Account) -> str:
        """Start the report and return its run id. Raises ApiError if Graph returns none."""
        request = build_request(self, account, account.today(call.now()), synchronous=False)
        for text in request.notes:
            call.note(text)
        response = await call.graph.create_report(
            f"{self.object_id}/insights", fields=",".join(request.fields), **request.params
        )
        if not response.get("report_run_id"):
            raise ApiError("Meta started no report: its answer has no report_run_id.")
        return str(response["report_run_id"])


@tool(
    "ads_create_async_report",
    Effect.READ,
    post("{object_id}/insights"),
    node="AdsInsights",
    singular="report",
    keywords="insights large long range export background",
    idempotent=False,
)
class CreateAsyncReport(ReportParams):
    """Start a report too large for ads_get_insights and get its report_run_id. Same arguments; it changes nothing."""

    @model_validator(mode="after")
    def _check_local(self) -> Self:
        if columns := local_selection(self).columns:
            raise InvalidArguments(
                f"Meta cannot filter or sort a report by {', '.join(columns)}.",
                "Use ads_run_report_and_wait, which does it when it reads the report, or leave it out.",
            )
        return self

    async def run(self, call: Call) -> Result:
        run_id = await self.create(call, await call.account(self.object_id))
        expires = (call.now() + timedelta(days=RETENTION_DAYS)).isoformat(timespec="seconds")
        step = (
            "Call ads_get_report_status every 5 seconds or slower; read it with ads_get_report_results when it is done."
        )
        return Result(
            f"Report {run_id} of {self.object_id} started.",
            {"report_run_id": run_id, "expires_at": expires, "next_step": step},
        )


@tool(
    "ads_get_report_status",
    Effect.READ,
    get("{report_run_id}"),
    node="AdReportRun",
    fields=RUN_FIELDS,
    identity="id",
    singular="report",
    keywords="async progress percent poll",
)
class GetReportStatus(Params):
    """See how far a report is: status, percent, done or failed, what to do next. Asks Meta every 5 seconds at most."""

    report_run_id: ReportRunId

    async def run(self, call: Call) -> Result:
        return (await _poll(call, self.report_run_id)).result()


@tool(
    "ads_get_report_results",
    Effect.READ,
    get("{report_run_id}/insights", "{report_run_id}"),
    node="AdsInsights",
    singular="row",
    keywords="async download csv jsonl export file",
)
class GetReportResults(Params):
    """Read a finished report as a table, page by page, or write all of it to a file with save_as (csv, jsonl)."""

    report_run_id: ReportRunId
    limit: Annotated[int, Field(ge=1, le=1000)] = 500
    after: Annotated[str | None, Local(), Field(max_length=2000)] = None
    max_items: Annotated[int | None, Local(), Field(ge=1, le=5000)] = None
    save_as: SaveAs = None

    async def run(self, call: Call) -> Result:
        run = await _poll(call, self.report_run_id)
        run.raise_if_failed()
        if not run.done:
            return run.result()
        account = await call.account(self.report_run_id)
        if self.save_as:
            query = InsightsParams(object_id=account.id)
            pages = _pages(call, self.report_run_id)
            return await _save(call, [self.report_run_id], pages, self.save_as, account, query)
        listing = await _read_page(call, run.id, limit=self.limit, after=self.after, max_items=self.max_items)
        query, today = _infer_query(run.id, listing.rows), account.today(call.now())
        return report(query, listing, account, today, all_rows=self.after is None)


@tool(
    "ads_run_report_and_wait",
    Effect.READ,
    post("{object_id}/insights"),
    node="AdsInsights",
    singular="row",
    keywords="async insights large long range breakdown csv export",
    idempotent=False,
)
class RunReportAndWait(ReportParams):
    """Run a report, wait and read it: for queries too large for ads_get_insights.

    save_as makes one file of a report of any size. If the wait ends first, the same call continues, or
    ads_get_report_results reads the report_run_id.
    """

    max_wait_seconds: Annotated[int, Local(), Field(ge=1, le=3600, description="Includes the download")] = 45
    poll_interval_seconds: Annotated[int, Local(), Field(ge=5, le=60, description="Rises from here to 60")] = 5
    result_limit: ReportLimit = 500
    save_as: SaveAs = None
    # Unix seconds at which the call must answer.
    _deadline: float = PrivateAttr(0.0)

    @model_validator(mode="after")
    def _check_file(self) -> Self:
        if self.save_as and (column := local_selection(self).sort):
            raise InvalidArguments(f"A file cannot be sorted by {column}.", "Leave sort out, and sort the file itself.")
        return self

    async def run(self, call: Call) -> Result:
        self._deadline = call.now().timestamp() + self.max_wait_seconds
        account = await call.account(self.object_id)
        if self.save_as:
            return await self._write_file(call, account, self.save_as)
        run_id = await self.create(call, account)
        try:
            return await self._wait_and_read(call, run_id, account)
        except AdsError as error:
            error.details["report_run_id"] = run_id
            raise

    async def _wait_and_read(self, call: Call, run_id: str, account: Account) -> Result:
        run = await self._wait(call, run_id)
        run.raise_if_failed()
        if not run.done:
            call.note(f"The report is still running at Meta after {self.max_wait_seconds} seconds.")
            return run.result()
        if local_selection(self):
            return await self._read_all(call, run, account)
        listing = await _read_page(call, run_id, limit=self.result_limit)
        call.note(f"This is report {run_id}; ads_get_report_results reads it again, and its further pages.")
        return report(self, listing, account, account.today(call.now()))

    async def _write_file(self, call: Call, account: Account, file_format: ExportFormat) -> Result:
        """Write all rows to a file, split and continued as its size requires. The wait includes the download."""
        job = ReportJob(call, self, account, ReportRuns(call, account), self._deadline)
        # Writing the file takes time, too: when none is left, the next call does it.
        if not await job.advance(self.poll_interval_seconds) or job.is_over():
            call.note(f"The file is not complete after {self.max_wait_seconds} seconds; what is done is kept.")
            return _unfinished(job)
        if len(job.parts) > 1:
            order = "; rows are sorted within each part only" if self.sort else ""
            call.note(f"Meta cannot compute this report at once, so it was run in {len(job.parts)} parts{order}.")
        result = await _save(call, job.run_ids, job.pages(), file_format, account, self)
        job.close()
        return result

    async def _read_all(self, call: Call, run: ReportRun, account: Account) -> Result:
        """Read all rows, because the filter or the sort key is applied here."""
        rows: list[Row] = []
        run_id = run.id
        async for page in _pages(call, run_id):
            rows += page
            if call.now().timestamp() >= self._deadline:
                call.note(f"The report is complete; reading its rows takes more than {self.max_wait_seconds} seconds.")
                return run.result()
            if len(rows) > MAX_ROWS:
                raise DataLimit(
                    f"There are more than {MAX_ROWS} rows to filter or sort.", "Use save_as, or fewer days."
                )
        call.note(f"This is report {run_id}.")
        today = account.today(call.now())
        return report(self, Listing(rows), account, today, window=slice(0, self.result_limit))

    async def _wait(self, call: Call, run_id: str) -> ReportRun:
        """Poll until the run is over or the time is up, and return its last status."""
        interval, run = float(self.poll_interval_seconds), ReportRun(run_id, {})
        while (left := self._deadline - call.now().timestamp()) > 0:
            await call.sleep(min(interval, left))
            run = await _poll_new_run(call, run, self.max_wait_seconds - left)
            await call.progress(run.percent, 100, f"Report {run_id}: {run.status}")
            if run.ended:
                break
            interval = min(interval * POLL_GROWTH, MAX_POLL_SECONDS)
        return run


async def _poll_new_run(call: Call, before: ReportRun, waited: float) -> ReportRun:
    """Poll a run. Return its earlier status while Graph does not know it yet."""
    try:
        return await _poll(call, before.id)
    except NotFound:
        if waited > VISIBILITY_SECONDS:
            raise
        return before


async def _poll(call: Call, run_id: str) -> ReportRun:
    return ReportRun(run_id, await call.graph.report_run(run_id, RUN_FIELDS.split()))


@dataclass(frozen=True)
class ReportRuns:
    """Start, poll and read the runs of a report that is written to a file."""

    call: Call
    account: Account

    async def start(self, query: ReportParams) -> str:
        return await query.create(self.call, self.account)

    async def poll(self, run_id: str) -> ReportRun:
        """Return the status. A run that Graph does not know yet has not started."""
        try:
            return await _poll(self.call, run_id)
        except NotFound:
            return ReportRun(run_id, {})

    async def read_page(self, run_id: str, **paging: Any) -> Listing:
        return await _read_page(self.call, run_id, **paging)


def _unfinished(job: ReportJob) -> Result:
    ready = sum(part.done for part in job.parts)
    data = Whole(
        report_run_id=next(iter(job.run_ids), None),
        done=False,
        parts=len(job.parts),
        parts_ready=ready,
        rows_ready=job.rows,
        next_step=(
            "Make the same call again: it continues where it stopped. max_wait_seconds may be raised up to 3600 if the"
            " client waits that long for an answer."
        ),
    )
    return Result(f"{ready} of {len(job.parts)} parts of the report are ready, {job.rows} rows.", data)


async def _save(
    call: Call,
    run_ids: Sequence[str],
    pages: AsyncIterator[Sequence[Row]],
    file_format: ExportFormat,
    account: Account,
    query: InsightsParams,
) -> Result:
    """Write all rows of finished runs to a file, page by page. The filters that Graph lacks are applied here."""
    run_id = run_ids[0]
    export = call.exports.open(f"report_{run_id}_{call.now():%Y%m%dT%H%M%SZ}", file_format)
    report_file = ReportFile(export, query)
    try:
        file = await report_file.fill(pages)
    finally:
        report_file.export.discard()
    data = {
        "report_run_id": run_id,
        **({"parts": len(run_ids)} if len(run_ids) > 1 else {}),
        "path": file.path,
        "format": file_format,
        "row_count": file.rows,
        "columns": list(file.columns),
        "totals": report_file.totals,
        "preview": report_file.preview.public(),
    }
    call.note("totals are sums of the rows; reach, frequency, costs and rates cannot be added.")
    summary = f"Report {run_id}: {file.rows:,} {plural('row', file.rows)} in {file.path}, money in {account.currency}."
    return Result(summary, data, files=(file,))


async def _pages(call: Call, run_id: str) -> AsyncIterator[Sequence[Row]]:
    """Read all pages of a finished report."""
    after: str | None = None
    while True:
        listing = await _read_page(call, run_id, limit=EXPORT_PAGE, after=after)
        yield listing.rows
        if listing.after is None:
            return
        after = listing.after


async def _read_page(call: Call, run_id: str, **paging: Any) -> Listing:
    """Read a page of a finished report. Graph may deny for some seconds that the run exists (error 100/33).

    Raises Transient if it still does after `DENIAL_PAUSES`.
    """
    for pause in DENIAL_PAUSES:
        try:
            return await call.graph.list(f"{run_id}/insights", **paging)
        except NotFound:
            await call.sleep(pause)
    try:
        return await call.graph.list(f"{run_id}/insights", **paging)
    except NotFound as error:
        raise Transient(
            f"Report {run_id} is complete, but Meta currently answers that it does not exist.",
            f"Meta keeps the report for {RETENTION_DAYS} days: read it with ads_get_report_results in a few minutes.",
            graph=error.graph,
        ) from error


def _infer_query(run_id: str, rows: list[Row]) -> InsightsParams:
    """Infer the query of a report from its rows, because Graph does not return the query."""
    present = dict.fromkeys(name for row in rows for name in row)
    level = next((level for level in ("ad", "adset", "campaign") if f"{level}_id" in present), "account")
    lists = {
        "breakdowns": [name for name in present if name in BREAKDOWNS][:8],
        "fields": [name for name in present if not is_dimension(name)][:100],
    }
    arguments = {name: value for name, value in lists.items() if value}
    return InsightsParams.model_validate(
        {"object_id": run_id, **arguments, **({} if level == "account" else {"level": level})}
    )
