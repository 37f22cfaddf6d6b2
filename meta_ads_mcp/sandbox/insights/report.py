"""Rows of a query: sums per object, window and cell, filtered, sorted and shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from meta_ads_mcp.sandbox import filters
from meta_ads_mcp.sandbox.insights import collect
from meta_ads_mcp.sandbox.insights.collect import Span, Sums
from meta_ads_mcp.sandbox.insights.figures import FIGURES, Row
from meta_ads_mcp.sandbox.insights.metrics import CPM_FACTORS, closure
from meta_ads_mcp.sandbox.insights.query import LEVELS, Query
from meta_ads_mcp.sandbox.insights.segments import HOUR, cells, margin
from meta_ads_mcp.sandbox.plan import AccountPlan, CampaignPlan
from meta_ads_mcp.sandbox.refusal import Refusal
from meta_ads_mcp.sandbox.store import Node

Json = Any
FLAT_DAYS = 14  # the audience of a campaign is what it would show in this many days


@dataclass(frozen=True)
class Scope:
    """The campaigns to look at, and of them only one ad set or ad when it is named."""

    account: AccountPlan
    plans: tuple[CampaignPlan, ...]
    today: date
    hours: int
    nodes: Mapping[str, Node]
    ad_set: str = ""
    ad: str = ""


@dataclass(frozen=True)
class Line:
    """Sums of one row-to-be: the object's ids per level, the window and the cell's breakdown values."""

    ids: Mapping[str, str]
    window: tuple[date, date]
    cell: tuple[str, ...]
    sums: dict[str, int]
    audience: float


Key = tuple[str, tuple[date, date], tuple[str, ...]]


def rows(query: Query, scope: Scope, max_rows: int) -> tuple[list[dict[str, Json]], dict[str, Json] | None]:
    """The shown rows and the summary."""
    if query.family == "unmodelled":
        return [], None
    lines = [line for line in _lines(query, scope, max_rows) if line.sums["impressions"]]
    lines = _with_filters(lines, query, scope)
    lines = _sorted(lines, query, scope)
    return [show(line, query, scope, query.fields) for line in lines], _summary(lines, query, scope)


def metrics_for(query: Query) -> tuple[str, ...]:
    """Every stored metric that fields, filters, sort and summary need."""
    names = [*query.fields, *query.summary, query.sort.rpartition("_")[0].partition(":")[0]]
    names += [field.rpartition(".")[2].partition(":")[0] for field, _, _ in query.filtering]
    needed = [metric for name in names if name in FIGURES for metric in FIGURES[name][0]]
    return closure(["impressions", *needed])


# -- sums ---------------------------------------------------------------------------------------------------------------


def _lines(query: Query, scope: Scope, max_rows: int) -> list[Line]:
    metrics = metrics_for(query)
    depth = max([LEVELS.index(query.level), *_filter_depths(query)])
    found: dict[Key, Line] = {}
    kept = _kept_objects(query, scope, metrics, depth)
    for window in query.ranges:
        for ids, sums, audience in _objects(scope, window, metrics, query.family, LEVELS[depth]):
            if kept is None or ids[LEVELS[depth]] in kept:
                _merge(found, query, window, ids, sums, audience, scope)
        if len(found) > max_rows:
            text = "(#100) Please reduce the amount of data you're asking for, then retry your request"
            raise Refusal(text, subcode=1487534)
    return list(found.values())


def _merge(
    found: dict[Key, Line], query: Query, window: tuple[date, date], ids: Mapping[str, str], sums: Sums,
    audience: float, scope: Scope,
) -> None:  # fmt: skip
    """Add an object's cells to the lines of the level that is asked for."""
    own = ids[query.level] if query.level != "account" else scope.account.id
    shown = {level: ids[level] for level in LEVELS[: LEVELS.index(query.level) + 1]}
    plan = next(plan for plan in scope.plans if plan.id == ids["campaign"]) if query.family else None
    for cell, share, values in _cells(plan, query, sums):
        key = (own, window, cell)
        before = found.get(key)
        if before is None:
            found[key] = Line(shown, window, cell, values, audience * share)
            continue
        added = {name: before.sums[name] + value for name, value in values.items()}
        found[key] = replace(before, sums=added, audience=before.audience + audience * share)


def _cells(plan: CampaignPlan | None, query: Query, sums: Sums) -> Iterator[tuple[tuple[str, ...], float, dict[str, int]]]:
    """The cells of the asked margin: key, share of the audience, sums."""
    if plan is None:
        yield (), 1.0, {name: values[0] if values else 0 for name, values in sums.items()}
        return
    known = cells(plan, query.family)
    places = margin(query.family, query.breakdowns)
    groups: dict[tuple[str, ...], list[int]] = {}
    for position, key in enumerate(known.keys):
        groups.setdefault(tuple(key[place] for place in places), []).append(position)
    whole = sum(known.weights)
    for key, positions in groups.items():
        share = sum(known.weights[position] for position in positions) / whole
        yield key, share**0.9, {
            name: sum(values[position] for position in positions) if values else 0 for name, values in sums.items()
        }


def _objects(
    scope: Scope, window: tuple[date, date], metrics: tuple[str, ...], family: str, level: str
) -> Iterator[tuple[dict[str, str], Sums, float]]:
    """Per object of a level: its ids, sums over cells and audience."""
    span = Span(window[0].toordinal(), window[1].toordinal(), scope.today.toordinal(), scope.hours)
    for plan in scope.plans:
        ids = {"account": scope.account.id, "campaign": plan.id}
        if scope.ad_set or level in ("adset", "ad"):
            yield from _parts(scope, plan, span, metrics, family, level, ids)
        else:
            yield ids, collect.campaign_sums(plan, span, metrics, family), audience_of(plan)


def _parts(
    scope: Scope, plan: CampaignPlan, span: Span, metrics: tuple[str, ...], family: str, level: str, ids: dict[str, str]
) -> Iterator[tuple[dict[str, str], Sums, float]]:
    total = sum(part.weight for part in plan.ad_sets)
    with_ads = level == "ad" or bool(scope.ad)
    per_set = {} if with_ads else collect.ad_set_sums(plan, span, metrics, family)
    per_ad = collect.ad_sums(plan, span, metrics, family, scope.ad_set) if with_ads else {}
    for part in plan.ad_sets:
        if scope.ad_set not in ("", part.id):
            continue
        audience = audience_of(plan) * (part.weight / total) ** 0.8
        if part.id in per_set:
            yield ids | {"adset": part.id}, per_set[part.id], audience
        whole = sum(ad.weight for ad in part.parts)
        for ad in part.parts:
            if ad.id in per_ad and scope.ad in ("", ad.id):
                yield ids | {"adset": part.id, "ad": ad.id}, per_ad[ad.id], audience * (ad.weight / whole) ** 0.8


def audience_of(plan: CampaignPlan) -> float:
    cpm = plan.account.cpm * CPM_FACTORS.get(plan.objective, 1.0)
    return plan.daily_budget * 0.86 / cpm * 1000 * FLAT_DAYS


# -- filters ------------------------------------------------------------------------------------------------------------


def _filter_depths(query: Query) -> Iterable[int]:
    return (LEVELS.index(_owner(field)) for field, _, _ in query.filtering if _owner(field))


def _owner(field: str) -> str:
    owner = field.rpartition(".")[0].replace("ad_set", "adset")
    return owner if owner in LEVELS else ""


def _kept_objects(query: Query, scope: Scope, metrics: tuple[str, ...], depth: int) -> set[str] | None:
    """Ids at the deepest level that fit the filters with an owner (`campaign.name`, `ad.impressions`); None for all."""
    owned = [one for one in query.filtering if _owner(one[0])]
    if not owned:
        return None
    kept: set[str] | None = None
    for field, operator, value in owned:
        level = _owner(field)
        fitting = _fitting(query, scope, metrics, level, field.rpartition(".")[2], operator, value)
        below = {ids[LEVELS[depth]] for ids in _every(scope, LEVELS[depth]) if ids[level] in fitting}
        kept = below if kept is None else kept & below
    return kept


def _fitting(
    query: Query, scope: Scope, metrics: tuple[str, ...], level: str, name: str, operator: str, value: Json
) -> set[str]:
    if name.partition(":")[0] not in FIGURES:
        every = {ids[level] for ids in _every(scope, level)}
        return {one for one in every if filters.holds(_attribute(scope, level, one, name), operator, value)}
    whole = (min(since for since, _ in query.ranges), max(until for _, until in query.ranges))
    found = set()
    for ids, sums, audience in _objects(scope, whole, metrics, "", level):
        flat = {metric: values[0] if values else 0 for metric, values in sums.items()}
        line = Line(ids, whole, (), flat, audience)
        if filters.holds(_figure(line, query, scope, name, level), operator, value):
            found.add(ids[level])
    return found


def _every(scope: Scope, level: str) -> Iterator[dict[str, str]]:
    for plan in scope.plans:
        ids = {"account": scope.account.id, "campaign": plan.id}
        if level in ("account", "campaign"):
            yield ids
            continue
        for part in plan.ad_sets:
            if level == "adset":
                yield ids | {"adset": part.id}
            else:
                yield from (ids | {"adset": part.id, "ad": ad.id} for ad in part.parts)


def _attribute(scope: Scope, level: str, node_id: str, name: str) -> Json:
    if name == "id":
        return node_id
    node = scope.nodes.get(f"act_{node_id}" if level == "account" else node_id)
    return node.get(name) if node else None


def _with_filters(lines: list[Line], query: Query, scope: Scope) -> list[Line]:
    """Filters without an owner are about the row itself."""
    own = [one for one in query.filtering if not _owner(one[0])]
    return [
        line for line in lines
        if all(filters.holds(_row_value(line, query, scope, name), operator, value) for name, operator, value in own)
    ]  # fmt: skip


def _row_value(line: Line, query: Query, scope: Scope, name: str) -> Json:
    if name in query.breakdowns:
        return line.cell[query.breakdowns.index(name)]
    if name.partition(":")[0] in FIGURES:
        return _figure(line, query, scope, name, query.level)
    return _names(line, query, scope).get(name, _attribute(scope, query.level, line.ids[query.level], name))


# -- shown rows -----------------------------------------------------------------------------------------------------------


def to_row(line: Line, query: Query, scope: Scope, level: str) -> Row:
    hourly = query.family == HOUR
    names = _names(line, query, scope)
    return Row(line.sums, scope.account.offset, line.audience, names, query.style, hourly, query.old_reach, level)


def _names(line: Line, query: Query, scope: Scope) -> dict[str, Json]:
    """The texts of a row: ids, names, settings of the object and its parents."""
    account = scope.nodes[f"act_{scope.account.id}"]
    found = {"account_id": scope.account.id, "account_name": account.get("name"), "account_currency": scope.account.currency}
    for level in ("campaign", "adset", "ad"):
        node = scope.nodes.get(line.ids.get(level, ""))
        if node is not None:
            found |= {f"{level}_id": node.id, f"{level}_name": node.get("name")}
            found |= {name: node.get(name) for name in ("created_time", "updated_time")}
            found |= _settings(level, node)
    return found


def _settings(level: str, node: Node) -> dict[str, Json]:
    if level == "campaign":
        return {"objective": node.get("objective"), "buying_type": node.get("buying_type")}
    if level == "adset":
        return {"optimization_goal": node.get("optimization_goal"), "attribution_setting": "7d_click_1d_view"}
    return {}


def show(line: Line, query: Query, scope: Scope, fields: Sequence[str]) -> dict[str, Json]:
    row = to_row(line, query, scope, query.level)
    found = {name: row.names.get(name) for name in fields if name not in FIGURES}
    found |= {name: FIGURES[name][1](row) for name in fields if name in FIGURES}
    found |= {"date_start": line.window[0].isoformat(), "date_stop": line.window[1].isoformat()}
    found |= dict(zip(query.breakdowns, line.cell, strict=False))
    return {name: value for name, value in found.items() if value is not None}


def _figure(line: Line, query: Query, scope: Scope, name: str, level: str) -> Json:
    """One figure for a filter or the sort; `actions:link_click` is the value of that action."""
    name, _, action = name.partition(":")
    value = FIGURES[name][1](to_row(line, query, scope, level))
    if isinstance(value, list):
        return next((one["value"] for one in value if one.get("action_type") == action or not action), None)
    return value


def _sorted(lines: list[Line], query: Query, scope: Scope) -> list[Line]:
    if not query.sort:
        return lines
    name, _, direction = query.sort.rpartition("_")
    if direction not in ("ascending", "descending"):
        name, direction = query.sort, "ascending"
    if name.partition(":")[0] not in FIGURES and name not in query.fields and name not in query.breakdowns:
        raise Refusal(f"(#100) Sorting field {name} is not valid", blame=(("sort",),))

    def key(line: Line) -> tuple[float, str]:
        value = _row_value(line, query, scope, name)
        number = filters.number(value)
        return (number if number is not None else float("-inf"), str(value))

    return sorted(lines, key=key, reverse=direction == "descending")


def _summary(lines: Sequence[Line], query: Query, scope: Scope) -> dict[str, Json] | None:
    if not query.summary or not lines:
        return None
    sums = {name: sum(line.sums[name] for line in lines) for name in lines[0].sums}
    window = (min(since for since, _ in query.ranges), max(until for _, until in query.ranges))
    audience = sum(audience_of(plan) for plan in scope.plans)
    whole = Line({"account": scope.account.id}, window, (), sums, audience)
    shown = [name for name in query.summary if name in FIGURES or name.startswith("account_")]
    found = show(whole, replace(query, level="account", breakdowns=()), scope, shown)
    return found


