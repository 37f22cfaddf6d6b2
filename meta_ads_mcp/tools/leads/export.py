"""Write the leads of an account, a Page or some forms to a private file. Answers hold counts only."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.params import Local, Params, at_least_one
from meta_ads_mcp.core.partial import attempt, needing, unread
from meta_ads_mcp.core.ports import Call, Export, ExportFormat
from meta_ads_mcp.core.result import Exported, Result, Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.dates import Moment, names_its_offset, to_unix
from meta_ads_mcp.core.values.ids import AccountId, LeadFormId, PageId
from meta_ads_mcp.errors import AdsError, NotFound
from meta_ads_mcp.tools.leads.lead_reader import Bookmark, FormReader, LeadSpan, LeadTime
from meta_ads_mcp.tools.leads.lead_rows import created, lead_row
from meta_ads_mcp.tools.leads.leads import LEAD_SCOPES

FORM_FIELDS = ("id", "name", "status", "page_id")
# Meta deletes leads after 90 days (Meta docs, marketing-api/guides/lead-ads/retrieving).
RETENTION_DAYS, WARNING_DAYS = 90, 7
# Action types of leads from forms, in insights; the first one that a row has counts.
FORM_LEADS = ("onsite_conversion.lead_grouped", "leadgen_grouped")
MAX_LISTED = 30
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
PRIVATE = "The file holds personal data and is readable by its owner only: give the user its path, do not open it."

Since = Annotated[
    Moment | None,
    Local(),
    Field(description="Day in the account's time zone, or a time. Default: where the last export of each form ended"),
]
Until = Annotated[Moment | None, Local(), Field(description="Day, which is included, or a time, which is not")]


@tool(
    "ads_export_leads",
    Effect.READ,
    get("{page_id}/leadgen_forms", "{account_id}/promote_pages"),
    node="Lead",
    singular="lead",
    keywords="download contacts submissions crm csv xlsx file",
    idempotent=False,
)
class ExportLeads(Params):
    """Write the leads of an account's Pages, a Page or some forms to one private file. The answer has the path and
    counts.

    Without since and until it continues after the last export.
    """

    account_id: AccountId | None = None
    page_id: PageId | None = None
    form_ids: Annotated[list[LeadFormId] | None, Local(), Field(min_length=1, max_length=50)] = None
    since: Since = None
    until: Until = None
    format: Annotated[ExportFormat, Local(), Field(description="xlsx requires the extra of that name")] = "csv"
    include_archived_forms: Annotated[bool, Local()] = True
    reset: Annotated[bool, Local(), Field(description="Start again with the oldest lead that Meta keeps")] = False
    max_leads: Annotated[int, Local(), Field(ge=1, le=100_000)] = 10_000

    @model_validator(mode="after")
    def _check_source(self) -> Self:
        if self.page_id and self.form_ids:
            raise ValueError("give page_id or form_ids, not both; account_id may be added for its time zone")
        return at_least_one(self, "account_id", "page_id", "form_ids")

    @property
    def continues(self) -> bool:
        """Return whether the export starts where the last one ended."""
        return self.since is None and self.until is None

    async def run(self, call: Call) -> Result:
        zone = await self._zone(call)
        with needing(*LEAD_SCOPES):
            forms, problems = await self._find_forms(call)
            run = LeadExport(call, self, zone, problems)
            return await run.write(forms)

    async def _zone(self, call: Call) -> tzinfo:
        if self.account_id:
            return (await call.account(self.account_id)).timezone
        if any(moment and not names_its_offset(moment) for moment in (self.since, self.until)):
            call.note("Days are days in UTC: a Page has no time zone. Add account_id for the days of the account.")
        return UTC

    async def _find_forms(self, call: Call) -> tuple[list[Row], list[str]]:
        """Return the forms, and a sentence for each that could not be read. Raises AdsError if none could."""
        if self.form_ids:
            results = {f"Form {form}": await attempt(_form_by_id(call, form)) for form in self.form_ids}
        else:
            pages = [self.page_id] if self.page_id else await _promoted_pages(call, str(self.account_id))
            results = {f"Page {page}": await attempt(_forms_of_page(call, page)) for page in pages}
        forms = [form for found in results.values() if not isinstance(found, AdsError) for form in found]
        errors = {what: found for what, found in results.items() if isinstance(found, AdsError)}
        if errors and not forms:
            raise next(iter(errors.values()))
        wanted = [form for form in forms if self.include_archived_forms or form.get("status") == "ACTIVE"]
        if not wanted:
            raise NotFound("There is no lead form here.", "ads_get_pages_for_business lists the Pages of an account.")
        return wanted, [unread(what, error) for what, error in errors.items()]

    def span(self, zone: tzinfo) -> LeadSpan:
        """Return the span that since and until name."""
        low = _seconds(self.since, zone) if self.since else None
        high = _seconds(self.until, zone, days=1) - 1 if self.until else None
        return LeadSpan(None if low is None else LeadTime(low), None if high is None else LeadTime(high))


async def _promoted_pages(call: Call, account_id: str) -> list[str]:
    pages = [page async for page in call.graph.each_page(f"{account_id}/promote_pages", fields=("id",), limit=100)]
    return list(dict.fromkeys(str(row["id"]) for rows in pages for row in rows))


async def _form_by_id(call: Call, form_id: str) -> list[Row]:
    return [{**await call.graph.get(form_id, fields=FORM_FIELDS), "id": form_id}]


async def _forms_of_page(call: Call, page: str) -> list[Row]:
    edge = call.graph.each_page(f"{page}/leadgen_forms", fields=FORM_FIELDS, limit=100, page=page)
    return [{**form, "page_id": page} async for rows in edge for form in rows]


def _seconds(moment: str, zone: tzinfo, days: int = 0) -> int:
    """Return a moment in Unix seconds. A day is its first second, that many days later."""
    if _DAY.fullmatch(moment):
        start = date.fromisoformat(moment) + timedelta(days=days)
        return int(datetime(start.year, start.month, start.day, tzinfo=zone).timestamp())
    return to_unix(moment, zone)


@dataclass
class LeadExport:
    """Write one file of leads. Counts stay in memory, leads do not."""

    call: Call
    args: ExportLeads
    zone: tzinfo
    problems: list[str]
    bookmarks: dict[str, Bookmark] = field(default_factory=dict)
    counts: list[Row] = field(default_factory=list)
    errors: list[AdsError] = field(default_factory=list)
    cut: bool = False
    total: int = 0
    from_ads: int = 0

    async def write(self, forms: Sequence[Row]) -> Result:
        """Write the leads of the forms, move the bookmarks, and return the counts."""
        name = f"leads_{self.call.now():%Y%m%dT%H%M%S%f}"
        export = self.call.exports.open(name, self.args.format, personal=True)
        try:
            for form in forms:
                await self._write_form(form, export)
            if self.errors and len(self.errors) == len(forms) and not self.total:
                raise self.errors[0]
            file = await export.finish()
        finally:
            export.discard()
        for form_id, bookmark in self.bookmarks.items():
            self.call.exports.write_state(f"leads_{form_id}", bookmark.state())
        return await self._result(file, len(forms))

    async def _write_form(self, form: Row, export: Export) -> None:
        room = self.args.max_leads - self.total
        if room <= 0:
            self.cut = True
            return
        reader, counts = FormReader(self.call, form, room, self._bookmark(form)), Counter[str]()
        pages = reader.new() if self.args.continues else reader.within(self.args.span(self.zone))
        async for leads in pages:
            await export.write([lead_row(lead, form, self.zone) for lead in leads])
            self._count(leads, counts)
            await self.call.progress(self.total, None, f"{self.total} leads written")
        self._close(form, reader, counts)

    def _bookmark(self, form: Row) -> Bookmark:
        is_new = self.args.reset or not self.args.continues
        return Bookmark() if is_new else Bookmark.load(self.call.exports.read_state(f"leads_{form['id']}"))

    def _count(self, leads: Sequence[Row], counts: Counter[str]) -> None:
        soon = self.call.now().timestamp() - (RETENTION_DAYS - WARNING_DAYS) * 86_400
        self.total += len(leads)
        self.from_ads += sum(bool(lead.get("ad_id")) for lead in leads)
        counts["leads"] += len(leads)
        counts["ending_within_a_week"] += sum(created(lead) < soon for lead in leads)

    def _close(self, form: Row, reader: FormReader, counts: Counter[str]) -> None:
        newest = max((reading.newest.time for reading in reader.readings if reading.newest), default=None)
        for reading in reader.readings:
            counts["duplicates"] += reading.duplicates
            if reading.error is not None:
                self.problems.append(unread(f"Form {form['id']}", reading.error))
                self.errors.append(reading.error)
            self.cut = self.cut or not (reading.complete or reading.error)
        if self.args.continues:
            self.bookmarks[str(form["id"])] = reader.bookmark
        names = {"form_id": form["id"], "form_name": form.get("name"), "page_id": form.get("page_id")}
        self.counts.append({**names, **counts, "newest": self._show(newest) if newest else None})

    def _show(self, seconds: int) -> str:
        return datetime.fromtimestamp(seconds, self.zone).isoformat()

    async def _result(self, file: Exported, form_count: int) -> Result:
        with_leads = [row for row in self.counts if row["leads"]]
        data: Row = {
            "path": file.path,
            "format": self.args.format,
            "leads": file.rows,
            "forms": form_count,
            "forms_with_leads": with_leads[:MAX_LISTED],
            "columns": list(file.columns),
            "time_zone": str(self.zone),
            "has_more": self.cut,
            **({"could_not_be_read": self.problems} if self.problems else {}),
            **await self._compare(),
        }
        self._add_notes()
        count = f"{file.rows:,} {plural('lead', file.rows)} of {form_count:,} {plural('form', form_count)}"
        return Result(f"{count} in {file.path}.", data, files=(file,))

    def _add_notes(self) -> None:
        self.call.note(PRIVATE)
        if not self.cut:
            return
        again = "the same call continues there" if self.args.continues else "raise it, or give fewer days or form_ids"
        self.call.note(f"max_leads={self.args.max_leads} was reached and leads remain: {again}.")

    async def _compare(self) -> Row:
        """Return the form leads that insights count for the same days. Empty if the export is not of whole days."""
        since, until = self.args.since, self.args.until or f"{self.call.now().astimezone(self.zone):%Y-%m-%d}"
        whole_days = since and _DAY.fullmatch(since) and _DAY.fullmatch(until)
        if not whole_days or not self.args.account_id or self.args.form_ids or self.cut:
            return {}
        read = self.call.graph.list(
            f"{self.args.account_id}/insights", fields=("actions",), time_range={"since": since, "until": until}
        )
        listing = await attempt(read)
        if isinstance(listing, AdsError):
            return {}
        counted = _form_leads(listing.rows)
        if counted != self.from_ads:
            self.call.note(f"Insights count {counted} leads from forms for these days; the file has {self.from_ads}.")
        return {"leads_from_ads": self.from_ads, "leads_in_insights": counted}


def _form_leads(rows: Sequence[Row]) -> int:
    actions = [action for row in rows for action in row.get("actions") or () if isinstance(action, dict)]
    values: dict[Any, Any] = {action.get("action_type"): action.get("value") for action in actions}
    count = next((values[name] for name in FORM_LEADS if name in values), 0)
    return int(count) if str(count).isdigit() else 0
