"""Interpret the status of an asynchronous report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from meta_ads_mcp.core.result import Result, Row, Whole
from meta_ads_mcp.core.values.dates import iso
from meta_ads_mcp.errors import AdsError, ApiError, DataLimit, GraphError, Transient

COMPLETED, FAILED, SKIPPED = "Job Completed", "Job Failed", "Job Skipped"
# Keys: error_subcode of a failed run. Source: Meta docs, marketing-api/insights/error-codes.
_FAILURES: dict[int, tuple[type[AdsError], str]] = {
    1504045: (DataLimit, "The report is too large: split the range, the ids or the fields, and run the parts."),
    2490547: (Transient, "The report failed at Meta. Run it again later."),
}
_OTHER_FAILURE = (ApiError, "Do not run it unchanged: correct what Meta names first.")


@dataclass(frozen=True)
class ReportRun:
    """A report run of Graph. `row` is Graph's object (SDK class AdReportRun)."""

    id: str
    row: Row

    @property
    def status(self) -> str:
        """Return `async_status`, such as `Job Running`."""
        return str(self.row.get("async_status") or "Job Not Started")

    @property
    def percent(self) -> int:
        """Return the progress from 0 to 100."""
        return _integer(self.row.get("async_percent_completion")) or 0

    @property
    def done(self) -> bool:
        """Return whether the run is completed and at 100 percent. Meta may report the status a little too early."""
        return self.status == COMPLETED and self.percent >= 100

    @property
    def ended(self) -> bool:
        """Return whether the run is over, successfully or not."""
        return self.done or self.status in (FAILED, SKIPPED)

    def raise_if_failed(self) -> None:
        """Raise the AdsError that a failed or skipped run stands for."""
        if self.ended and not self.done:
            raise self._error()

    def _error(self) -> AdsError:
        if self.status == SKIPPED:
            return ApiError(
                f"Meta skipped report {self.id}: it expired before it ran.",
                "Create the report again; nothing is wrong with the query.",
            )
        graph = GraphError(
            code=_integer(self.row.get("error_code")) or 0,
            message=str(self.row.get("error_message") or ""),
            subcode=_integer(self.row.get("error_subcode")),
            user_title=self.row.get("error_user_title"),
            user_message=self.row.get("error_user_msg"),
        )
        kind, step = _FAILURES.get(graph.subcode or 0, _OTHER_FAILURE)
        reason = graph.user_message or graph.message or "Meta gives no reason"
        return kind(f"Report {self.id} failed ({graph.code}/{graph.subcode}): {reason}", step, graph=graph)

    def result(self) -> Result:
        """Return the status, what it means, the next step, and the error fields of Meta."""
        data = Whole(
            report_run_id=self.id,
            async_status=self.status,
            async_percent_completion=self.percent,
            done=self.done,
            failed=self.status == FAILED,
            skipped=self.status == SKIPPED,
            next_step=self._next_step(),
        )
        data |= {name: self.row[name] for name in ("date_start", "date_stop") if self.row.get(name)}
        data |= {name: value for name, value in self.row.items() if name.startswith("error_") and value}
        if end := iso(_integer(self.row.get("time_completed"))):
            data["time_completed"] = end
        return Result(f"Report {self.id}: {self.status}, {self.percent} %.", data)

    def _next_step(self) -> str:
        if self.done:
            return "Read it with ads_get_report_results."
        if self.ended:
            return self._error().next_step
        return "Call ads_get_report_status again in 5 seconds or later; a large report can take up to an hour."


def _integer(value: Any) -> int | None:
    digits = str(value).removeprefix("-")
    return int(str(value)) if digits.isascii() and digits.isdigit() else None
