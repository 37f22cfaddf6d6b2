"""Explain the table of an insights query: events, attribution, results, missing fields, and empty answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from meta_ads_mcp.analysis.actions import CONVERSIONS, explain_events
from meta_ads_mcp.analysis.query.guardrails import ASYNC_TOOL, HOURLY, REACH, reach_is_omitted
from meta_ads_mcp.analysis.query.selection import OPT_IN
from meta_ads_mcp.analysis.query.vocabulary import resolve
from meta_ads_mcp.analysis.results import EVENT_COLUMNS
from meta_ads_mcp.analysis.series import unit_notes
from meta_ads_mcp.analysis.table import Column, Sheet
from meta_ads_mcp.domain.insights_query import InsightsParams

DELIVERED = '[{"field":"ad.impressions","operator":"GREATER_THAN","value":0}]'
ALL_SPEND = (
    "Costs per event of a whole account are all of its spend by the event, also spend for other goals; level=campaign "
    "shows what each campaign pays for its own."
)
SPLIT = (
    "Rows without a value in the action breakdown hold what it does not split, such as spend; costs and ROAS beside a "
    "value are therefore not those of that part."
)


def table_notes(sheet: Sheet, query: InsightsParams, constants: dict[str, str]) -> list[str]:
    """Explain the columns. `constants` are the dimensions with the same value in all rows."""
    notes = []
    present = {column.event for column in sheet.columns if column.event}
    if text := explain_events({event: kinds for event, kinds in sheet.types.items() if event in present}):
        notes.append(f"Events: {text}.")
    windows = sorted({column.window for column in sheet.columns if column.window})
    if present or windows or any(column.source in EVENT_COLUMNS for column in sheet.columns):
        notes.append(_attribution(constants.get("attribution_setting"), windows))
    if query.row_level == "account" and any(_is_conversion_cost(column) for column in sheet.columns):
        notes.append(ALL_SPEND)
    notes += _result_notes(sheet, constants)
    if query.row_level == "ad" and any(row.get(Column("impressions")) == 0 for row in sheet.cells):
        notes.append(f"Rows without impressions can be filtered out: filtering={DELIVERED}.")
    return [*notes, *([SPLIT] if sheet.splits else [])]


def _is_conversion_cost(column: Column) -> bool:
    return column.source == "cost_per_action_type" and column.event in CONVERSIONS


def _attribution(setting: str | None, windows: Sequence[str]) -> str:
    source = setting or "each ad set's own setting"
    suffix = f"; columns ending in {', '.join(windows)} count that window alone" if windows else ""
    return f"Attribution: {source}{suffix}."


def _result_notes(sheet: Sheet, constants: dict[str, str]) -> list[str]:
    columns = [column for column in sheet.columns if column.source in EVENT_COLUMNS]
    notes = [
        f"{source} count {event}."
        for source, name in (("results", "result_event"), ("objective_results", "objective_result_event"))
        if (event := constants.get(name)) and any(column.source == source for column in columns)
    ]
    if any(column.event for column in columns):
        notes.append("Rows with several results have a column for each event, such as results_purchase.")
    sources = {column.source for column in columns if column.window}
    if missing := sorted(sources - {column.source for column in columns if not column.window}):
        notes.append(f"Meta returned no default figure of {', '.join(missing)}, only one for each attribution window.")
    events = {str(row.get(Column(name)) or "") for row in sheet.cells for name in set(EVENT_COLUMNS.values())}
    has_cost = any(column.source.startswith("cost_per_") for column in columns)
    return [*notes, *(unit_notes(part for event in events for part in event.split(", ")) if has_cost else [])]


def missing_fields(sheet: Sheet, query: InsightsParams, today: date) -> list[str]:
    """Name the requested fields that no row has, because Graph omits them silently."""
    is_partial = query.breakdowns and (HOURLY & set(query.breakdowns) or reach_is_omitted(query, today))
    present = {column.source for column in sheet.columns} | (REACH if is_partial else set())
    columns = set(sheet.columns)
    names = [
        name
        for name in query.fields or ()
        if name not in present and not (resolve(name).event and resolve(name).column in columns)
    ]
    if not names:
        return []
    rankings = query.row_level != "ad" and any(name.endswith("_ranking") for name in names)
    reason = "nothing was counted, or the field does not exist at this level."
    where = " Rankings exist at level=ad." if rankings else ""
    return [f"Meta returned no value for {', '.join(names)} here: {reason}{where}"]


def empty_notes(query: InsightsParams) -> list[str]:
    """Explain an empty answer: Graph returns no row instead of a row of zeros."""
    reasons = ["Nothing was delivered in this period, or no row matches the filter: Meta returns no zero rows."]
    if OPT_IN & set(query.breakdowns or ()):
        reasons.append(
            "This breakdown requires an opt-in of the account, without which Meta may return no rows and no error; in "
            f"reports ({ASYNC_TOOL}) Meta accepts it up to ten times a day."
        )
    return reasons
