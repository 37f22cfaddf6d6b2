"""Rows of a query: sums per object, window and cell, filtered, sorted and shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from meta_ads_mcp.sandbox import filters
from meta_ads_mcp.sandbox.delivery_plan import CampaignPlan, Part
from meta_ads_mcp.sandbox.insights import reach
from meta_ads_mcp.sandbox.insights.figures import FIGURES, PEOPLE, Row
from meta_ads_mcp.sandbox.insights.metrics import closure
from meta_ads_mcp.sandbox.insights.query import LEVELS, Query
from meta_ads_mcp.sandbox.insights.scope import Found, Scope
from meta_ads_mcp.sandbox.insights.segments import HOUR, grouped
from meta_ads_mcp.sandbox.insights.windows import WindowedLines
from meta_ads_mcp.sandbox.refusal import Refusal

Json = Any
Window = tuple[date, date]
Cell = tuple[str, ...]
Shown = dict[tuple[CampaignPlan, Part], int]


@dataclass(slots=True)
class ReportLine:
    """Sums of one row-to-be: the object's ids per level, the window and the cell's breakdown values.

    A metric that the sums lack is 0.

    `positions` are those of the cell among the joint cells of the breakdown family; `shown` are the impressions per ad
    set, from which people are counted.
    """

    ids: Mapping[str, str]
    window: Window
    cell: Cell
    sums: dict[str, int]
    shown: Shown
    positions: tuple[int, ...] = ()

    def add(self, other: ReportLine) -> None:
        """Add the figures of another line to this one."""
        for name, value in other.sums.items():
            self.sums[name] = self.sums.get(name, 0) + value
        for key, count in other.shown.items():
            self.shown[key] = self.shown.get(key, 0) + count


@dataclass(frozen=True)
class Report:
    """One query on one scope; `max_rows` is where Graph asks to reduce the amount of data."""

    query: Query
    scope: Scope
    max_rows: int

    def lines(self) -> list[ReportLine]:
        """All rows-to-be, filtered and sorted."""
        if self.query.family == "unmodelled":
            return []
        lines: list[ReportLine] = []
        for window in self.query.ranges:
            lines += self.lines_of(window)
            self._refuse_above_maximum(len(lines))
        return self._sort_lines(lines) if self.query.sort else lines

    def windowed_lines(self) -> Sequence[ReportLine]:
        """The same lines, of which only those of one window are in memory, as far as the order allows it."""
        if self.query.sort or len(self.query.ranges) == 1 or self.query.family == "unmodelled":
            return self.lines()
        without_figures = replace(self, query=replace(self.query, fields=(), summary=()))
        counts: list[int] = []
        for window in self.query.ranges:
            counts.append(len(without_figures.lines_of(window)))
            self._refuse_above_maximum(sum(counts))
        return WindowedLines(self.query.ranges, counts, self.lines_of)

    def _refuse_above_maximum(self, count: int) -> None:
        if count > self.max_rows:
            text = "(#100) Please reduce the amount of data you're asking for, then retry your request"
            raise Refusal(text, subcode=1487534)

    def show(self, line: ReportLine) -> dict[str, Json]:
        """Return a row as Graph returns it."""
        return self._show(line, self.query.fields, self.query.level)

    # -- sums ---------------------------------------------------------------------------------------------------------

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """Every stored metric that fields, filters, sort and summary need."""
        return closure(["impressions", *self._needs])

    @cached_property
    def _needs(self) -> frozenset[str]:
        """Return what the figures of fields, filters, sort and summary are computed from."""
        query = self.query
        names = [*query.fields, *query.summary, query.sort.rpartition("_")[0].partition(":")[0]]
        names += [field.rpartition(".")[2].partition(":")[0] for field, _, _ in query.filtering]
        return frozenset(metric for name in names if name in FIGURES for metric in FIGURES[name][0])

    @cached_property
    def depth(self) -> str:
        """The deepest level that the rows or a filter are about."""
        owners = [owner(field) for field, _, _ in self.query.filtering]
        return LEVELS[max(LEVELS.index(level) for level in (self.query.level, *owners) if level)]

    def lines_of(self, window: Window) -> list[ReportLine]:
        """The lines of a window, filtered."""
        lines: dict[tuple[str, Cell], ReportLine] = {}
        for entry in self._objects(window, self.query.family, self.depth):
            is_visible = self.scope.hidden.isdisjoint(entry.ids.values())
            if is_visible and (self._ids_to_keep is None or entry.ids[self.depth] in self._ids_to_keep):
                self._merge(lines, window, entry)
        return [line for line in lines.values() if line.sums.get("impressions") and self._fits(line)]

    def _merge(self, lines: dict[tuple[str, Cell], ReportLine], window: Window, entry: Found) -> None:
        """Add an object's cells to the lines of the level that is asked for."""
        ids_of_level = {level: entry.ids[level] for level in LEVELS[: LEVELS.index(self.query.level) + 1]}
        own_id = ids_of_level[self.query.level]
        for line in self._cells(entry, ids_of_level, window):
            key = (own_id, line.cell)
            if key in lines:
                lines[key].add(line)
            else:
                lines[key] = line

    def _objects(self, window: Window, family: str, level: str) -> Iterator[Found]:
        return self.scope.objects(window, self.metrics, family, level, people=PEOPLE in self._needs)

    def _cells(self, entry: Found, ids: Mapping[str, str], window: Window) -> Iterator[ReportLine]:
        """The lines of an object: one per cell of the asked margin."""
        if not self.query.family:
            yield ReportLine(ids, window, (), entry.flat(), entry.flat_shown())
            return
        groups = grouped(entry.plan, self.query.family, self.query.breakdowns)
        every_positions = [positions for _, positions in groups]
        metrics = {name: _add_cells(values, every_positions) for name, values in entry.sums.items() if any(values)}
        shown = {(entry.plan, part): _add_cells(values, every_positions) for part, values in entry.shown.items()}
        for number, (cell, positions) in enumerate(groups):
            sums = {name: value for name, values in metrics.items() if (value := values[number])}
            impressions = {part: values[number] for part, values in shown.items()}
            yield ReportLine(ids, window, cell, sums, impressions, positions)

    # -- filters ------------------------------------------------------------------------------------------------------

    @cached_property
    def _ids_to_keep(self) -> set[str] | None:
        """Ids at the deepest level that fit the filters with an owner (`campaign.name`); None for all."""
        conditions = [item for item in self.query.filtering if owner(item[0])]
        if not conditions:
            return None
        fitting = [(owner(field), self._fitting(field, operator, value)) for field, operator, value in conditions]
        every = self.scope.every(self.depth)
        return {ids[self.depth] for ids in every if all(ids[level] in allowed_ids for level, allowed_ids in fitting)}

    def _fitting(self, field: str, operator: str, value: Json) -> set[str]:
        level, name = owner(field), field.rpartition(".")[2]
        if name.partition(":")[0] not in FIGURES:
            every = {ids[level] for ids in self.scope.every(level)}
            return {item for item in every if filters.holds(self.scope.attribute(level, item, name), operator, value)}
        whole = (min(since for since, _ in self.query.ranges), max(until for _, until in self.query.ranges))
        lines: dict[str, ReportLine] = {}
        for entry in self._objects(whole, "", level):
            line, key = (
                ReportLine(entry.ids, whole, (), entry.flat(), entry.flat_shown()),
                entry.ids[level],
            )
            if key in lines:
                lines[key].add(line)
            else:
                lines[key] = line
        return {key for key, line in lines.items() if filters.holds(self._figure(line, name, level), operator, value)}

    def _fits(self, line: ReportLine) -> bool:
        """Filters without an owner are about the row itself."""
        conditions = [item for item in self.query.filtering if not owner(item[0])]
        return all(filters.holds(self._value(line, name), operator, value) for name, operator, value in conditions)

    def _value(self, line: ReportLine, name: str) -> Json:
        if name in self.query.breakdowns:
            return line.cell[self.query.breakdowns.index(name)]
        if name.partition(":")[0] in FIGURES:
            return self._figure(line, name, self.query.level)
        names = self.scope.names(line.ids)
        return names.get(name, self.scope.attribute(self.query.level, line.ids[self.query.level], name))

    # -- shown rows ---------------------------------------------------------------------------------------------------

    def _row(self, line: ReportLine, level: str) -> Row:
        query = self.query
        return Row(
            line.sums,
            self.scope.account.offset,
            self._audiences(line) if PEOPLE in self._needs else (),
            self._shared_audience(line) if PEOPLE in self._needs else 0.0,
            self._names(line.ids),
            query.style,
            hourly=query.family == HOUR,
            old_reach=query.old_reach,
            level=level,
        )

    def _names(self, ids: Mapping[str, str]) -> Mapping[str, Json]:
        """The texts of an object. The rows of an object follow each other, so the last texts are kept."""
        key = tuple(ids.values())
        if self._last_names.get(key) is None:
            self._last_names.clear()
            self._last_names[key] = self.scope.names(ids)
        return self._last_names[key]

    @cached_property
    def _last_names(self) -> dict[tuple[str, ...], Mapping[str, Json]]:
        return {}

    def _audiences(self, line: ReportLine) -> list[tuple[float, int]]:
        """Size and impressions of the audiences of a line's ad sets."""
        family, positions = self.query.family, line.positions
        return [
            (reach.audience_size(plan, part) * (reach.cell_share(plan, family, positions) if positions else 1.0), count)
            for (plan, part), count in line.shown.items()
        ]

    def _shared_audience(self, line: ReportLine) -> float:
        account, positions = self.scope.account, line.positions
        share = reach.shared_cell_share(account, self.query.family, positions) if positions else 1.0
        return account.shared_audience * share

    def _show(self, line: ReportLine, fields: Sequence[str], level: str) -> dict[str, Json]:
        row = self._row(line, level)
        result = {name: row.names.get(name) for name in fields if name not in FIGURES}
        figures = [name for name in fields if name in FIGURES and name not in self.query.hidden]
        result |= {name: self._choose_actions(FIGURES[name][1](row)) for name in figures}
        result |= {"date_start": line.window[0].isoformat(), "date_stop": line.window[1].isoformat()}
        result |= dict(zip(self.query.breakdowns, line.cell, strict=False))
        return {name: value for name, value in result.items() if value is not None}

    def _choose_actions(self, value: Json) -> Json:
        """Return the entries of an action list that the filters of actions let through; None when there are none.

        A key that the entries do not have lets them all through: they are not broken down by it.
        """
        conditions = self.query.action_filters
        if not conditions or not isinstance(value, list) or not all("action_type" in entry for entry in value):
            return value

        def is_chosen(entry: Mapping[str, str]) -> bool:
            fitting_conditions = [condition for condition in conditions if condition[0] in entry]
            return all(filters.holds(entry[name], operator, operand) for name, operator, operand in fitting_conditions)

        return [entry for entry in value if is_chosen(entry)] or None

    def _figure(self, line: ReportLine, name: str, level: str) -> Json:
        """Return a figure for a filter or the sort; `actions:link_click` is the value of that action."""
        name, _, action = name.partition(":")
        value = FIGURES[name][1](self._row(line, level))
        if isinstance(value, list):
            return next((item["value"] for item in value if item.get("action_type") == action or not action), None)
        return value

    def _sort_lines(self, lines: list[ReportLine]) -> list[ReportLine]:
        name, _, direction = self.query.sort.rpartition("_")
        if direction not in ("ascending", "descending"):
            name, direction = self.query.sort, "ascending"
        if name.partition(":")[0] not in FIGURES and name not in (*self.query.fields, *self.query.breakdowns):
            raise Refusal(f"(#100) Sorting field {name} is not valid", blame=(("sort",),))

        def key(line: ReportLine) -> tuple[float, str]:
            value = self._value(line, name)
            number = filters.number(value)
            return (number if number is not None else float("-inf"), str(value))

        return sorted(lines, key=key, reverse=direction == "descending")

    def summary(self, lines: Sequence[ReportLine]) -> dict[str, Json] | None:
        """The same figures over all rows, on all pages."""
        query = self.query
        if not query.summary or not lines:
            return None
        window = (min(since for since, _ in query.ranges), max(until for _, until in query.ranges))
        whole = ReportLine({"account": self.scope.account.id}, window, (), dict.fromkeys(self.metrics, 0), {})
        for line in lines:
            whole.add(line)
        fields = [name for name in query.summary if name in FIGURES or name.startswith("account_")]
        return self._show(whole, fields, "account")


def _add_cells(values: Sequence[int], groups: Iterable[Sequence[int]]) -> list[int]:
    """Return the sum of the values at the positions of each group."""
    return [
        values[positions[0]] if len(positions) == 1 else sum(map(values.__getitem__, positions)) for positions in groups
    ]


def owner(field: str) -> str:
    """The level that a filter's field names before the dot; empty for fields of the row."""
    level = field.rpartition(".")[0].replace("ad_set", "adset")
    return level if level in LEVELS else ""
