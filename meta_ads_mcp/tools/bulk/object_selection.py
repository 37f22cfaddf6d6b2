"""Select objects of an account by campaign, status, label, name and figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from meta_ads_mcp.analysis.query.local import matches_column, matches_value
from meta_ads_mcp.analysis.query.selection import build_request
from meta_ads_mcp.analysis.query.vocabulary import local_name, resolve
from meta_ads_mcp.analysis.report import query_sheet
from meta_ads_mcp.analysis.table import ADDITIVE, Cells, Column
from meta_ads_mcp.core.params import Closed, Form, opaque_object
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.dates import DatePreset, TimeRange
from meta_ads_mcp.core.values.enums import EntityType
from meta_ads_mcp.core.values.ids import ObjectId
from meta_ads_mcp.domain.insights_query import InsightsFilter, InsightsParams
from meta_ads_mcp.domain.optimization.running_studies import note_studies_of_account
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.bulk.object_reads import read_objects_of_kind
from meta_ads_mcp.tools.insights.read_all import read_all

EDGES: Mapping[EntityType, str] = {"campaign": "campaigns", "ad_set": "adsets", "ad": "ads"}
_INSIGHTS_LEVELS: Mapping[EntityType, str] = {"campaign": "campaign", "ad_set": "adset", "ad": "ad"}
_OPERATORS = {
    ">": "GREATER_THAN",
    ">=": "GREATER_THAN_OR_EQUAL",
    "<": "LESS_THAN",
    "<=": "LESS_THAN_OR_EQUAL",
    "=": "EQUAL",
    "==": "EQUAL",
    "!=": "NOT_EQUAL",
}
OPERATORS = (*_OPERATORS, *dict.fromkeys(_OPERATORS.values()))
DEFAULT_PRESET: DatePreset = "last_14d"


class Figure(Closed):
    """A condition on a figure: a column of ads_get_insights, an operator, a number, and a period."""

    metric: Annotated[
        str, Form("a column of ads_get_insights", "cost_per_purchase"), Field(pattern="^[a-z0-9_.]{1,100}$")
    ]
    operator: str
    value: float
    date_preset: DatePreset | None = None
    time_range: TimeRange | None = None

    @model_validator(mode="after")
    def _check_condition(self) -> Self:
        if self.operator not in OPERATORS:
            raise ValueError(f"operator is one of {', '.join(OPERATORS)}")
        if self.date_preset and self.time_range:
            raise ValueError("give date_preset or time_range, not both")
        return self

    @property
    def condition(self) -> InsightsFilter:
        """Return the condition as a filter of insights."""
        operator: Any = _OPERATORS.get(self.operator, self.operator)
        return InsightsFilter(field=self.metric, operator=operator, value=[self.value])


class ObjectSelection(Closed):
    """Which objects: all conditions hold."""

    model_config = ConfigDict(
        json_schema_extra=opaque_object(
            "level (campaign | ad_set | ad), and any of ids, campaign_ids, campaign_name_contains, status_filter "
            "(effective statuses), label_names, name_contains, not_label_names, not_name_contains, "
            "figures: [{metric, operator, value, date_preset | time_range}], e.g. metric "
            "spend, operator >, value 100"
        )
    )

    level: EntityType
    ids: Annotated[list[ObjectId] | None, Field(min_length=1, max_length=1000)] = None
    campaign_ids: Annotated[list[ObjectId] | None, Field(min_length=1, max_length=200)] = None
    status_filter: Annotated[list[str] | None, Field(min_length=1, max_length=20)] = None
    label_names: Annotated[list[str] | None, Field(min_length=1, max_length=20)] = None
    not_label_names: Annotated[list[str] | None, Field(min_length=1, max_length=20)] = None
    name_contains: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    not_name_contains: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    campaign_name_contains: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    figures: Annotated[list[Figure] | None, Field(min_length=1, max_length=5)] = None

    @model_validator(mode="after")
    def _check_condition(self) -> Self:
        if not self.model_dump(exclude_none=True, exclude={"level"}):
            raise ValueError("give a condition beside level, so that not every object is meant")
        return self


async def select_objects(
    call: Call, account_id: str, selection: ObjectSelection, node: str, fields: Sequence[str], max_objects: int
) -> list[Row]:
    """Return the objects that match, with these fields.

    Raises InvalidArguments when nothing matches or more than `max_objects` do, with their number.
    """
    if selection.campaign_name_contains is not None and selection.level != "campaign":
        fields = list(dict.fromkeys([*fields, "campaign{name}"]))
    if selection.ids is not None:
        rows = await read_objects_of_kind(call, account_id, node, list(dict.fromkeys(selection.ids)), fields)
    else:
        rows = [row async for row in _list(call, account_id, selection, fields)]
    rows = [row for row in rows if _matches(row, selection)]
    if selection.figures and rows:
        ids = await _ids_by_figures(call, account_id, selection, selection.figures, {str(row["id"]) for row in rows})
        rows = [row for row in rows if row["id"] in ids]
    if not rows:
        raise InvalidArguments("Nothing matches this selection.", "Look with ads_get_ad_entities, and widen it.")
    if len(rows) > max_objects:
        raise InvalidArguments(
            f"{len(rows)} objects match, and max_objects is {max_objects}. Nothing was changed.",
            "Narrow the selection, or raise max_objects.",
        )
    if selection.ids is None:
        await note_studies_of_account(call, account_id, node, rows)
    return rows


async def _list(call: Call, account_id: str, selection: ObjectSelection, fields: Sequence[str]) -> AsyncIterator[Row]:
    params: dict[str, Any] = {}
    if selection.status_filter:
        params["effective_status"] = selection.status_filter
    if selection.campaign_ids and selection.level != "campaign":
        params["filtering"] = [{"field": "campaign.id", "operator": "IN", "value": selection.campaign_ids}]
    async for page in call.graph.each_page(f"{account_id}/{EDGES[selection.level]}", fields=fields, **params):
        for row in page:
            yield row


def _matches(row: Row, selection: ObjectSelection) -> bool:
    """Return whether a row meets the conditions that Graph was not asked for."""
    is_campaign, parent = selection.level == "campaign", row.get("campaign")
    campaign = row["id"] if is_campaign else row.get("campaign_id")
    campaign_name = row.get("name") if is_campaign else parent.get("name") if isinstance(parent, Mapping) else None
    labels = {str(label.get("name")) for label in row.get("adlabels") or () if isinstance(label, Mapping)}
    return (
        (selection.campaign_ids is None or campaign in selection.campaign_ids)
        and (selection.status_filter is None or row.get("effective_status") in selection.status_filter)
        and (selection.label_names is None or not labels.isdisjoint(selection.label_names))
        and labels.isdisjoint(selection.not_label_names or ())
        and _contains(row.get("name"), selection.name_contains)
        and not (selection.not_name_contains and _contains(row.get("name"), selection.not_name_contains))
        and _contains(campaign_name, selection.campaign_name_contains)
    )


def _contains(name: Any, part: str | None) -> bool:
    return part is None or part.casefold() in str(name or "").casefold()


async def _ids_by_figures(
    call: Call, account_id: str, selection: ObjectSelection, figures: Sequence[Figure], ids: set[str]
) -> set[str]:
    """Return which of the objects meet all conditions on figures. An object without delivery has 0 of everything."""
    by_period: defaultdict[str, list[Figure]] = defaultdict(list)
    for figure in figures:
        by_period[str(figure.time_range or figure.date_preset or DEFAULT_PRESET)].append(figure)
    for conditions in by_period.values():
        ids &= await _ids_in_period(call, account_id, selection, conditions, ids)
    return ids


async def _ids_in_period(
    call: Call, account_id: str, selection: ObjectSelection, figures: Sequence[Figure], ids: set[str]
) -> set[str]:
    level = _INSIGHTS_LEVELS[selection.level]
    period: dict[str, Any] = {"time_range": figures[0].time_range.model_dump()} if figures[0].time_range else {}
    if not period:
        period = {"date_preset": figures[0].date_preset or DEFAULT_PRESET}
    metrics = list(dict.fromkeys(figure.condition.field for figure in figures))
    filters = [{"field": "campaign.id", "operator": "IN", "value": selection.campaign_ids}]
    query = InsightsParams.model_validate(
        {
            "object_id": account_id,
            "level": level,
            "fields": [f"{level}_id", *metrics],
            **({"filtering": filters} if selection.campaign_ids else {}),
            **period,
        }
    )
    account = await call.account(account_id)
    request = build_request(query, account, account.today(call.now()), synchronous=True)
    cells = query_sheet(await read_all(call, account_id, request.fields, **request.params), query).cells
    by_id = {str(cell.get(Column(f"{level}_id"))): cell for cell in cells}
    return {object_id for object_id in ids if all(_holds(by_id.get(object_id), figure) for figure in figures)}


def _holds(cells: Cells | None, figure: Figure) -> bool:
    """Return whether an object meets a condition. Without delivery its counts and its spend are 0."""
    condition = figure.condition
    column = resolve(condition.field).column
    if cells is None:
        is_count = column.additive or condition.field in ADDITIVE
        return is_count and matches_value(0, condition)
    return matches_column(cells, local_name(condition.field) or condition.field, condition)
