"""Split names into further columns of the views, by templates per level and account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from meta_ads_mcp.analysis.query.name_templates import UNMATCHED, NameTemplate
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.store.store_tables import STRUCTURE, TABLES, view_columns
from meta_ads_mcp.store.views import quote

NameLevel = Literal["campaign", "ad_set", "ad"]
LEVELS: tuple[NameLevel, ...] = ("campaign", "ad_set", "ad")


@dataclass(frozen=True)
class NameColumns:
    """Templates by level: those of all accounts, and those of single accounts, which come first."""

    templates: Mapping[NameLevel, NameTemplate] = field(default_factory=dict)
    by_account: Mapping[str, Mapping[NameLevel, NameTemplate]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise InvalidArguments for a place whose column exists already."""
        existing = {column.name for name in TABLES for column in view_columns(name)}
        levels: dict[str, NameLevel] = {}
        for level in LEVELS:
            for place in self._places(level):
                column = f"{level}_{place}"
                if column in existing or levels.setdefault(column, level) != level:
                    raise InvalidArguments(
                        f"The place {{{place}}} of the {level} template would be a second column {column}.",
                        "Give the place another name.",
                    )

    @property
    def extra(self) -> dict[str, dict[str, str]]:
        """Return SQL expressions of the further columns by view and name, as `StoreQuery` takes them."""
        return {view: columns for view in TABLES if (columns := dict(self._columns_of(view)))}

    def levels_of(self, columns: set[str]) -> list[tuple[NameLevel, str]]:
        """Return the levels with a further column among these, each with one such column."""
        each: list[tuple[NameLevel, str]] = []
        for level in LEVELS:
            names = (f"{level}_{place}" for place in self._places(level))
            if column := next((name for name in names if name in columns), None):
                each.append((level, column))
        return each

    def _all(self, level: NameLevel) -> list[NameTemplate]:
        each = [self.templates, *self.by_account.values()]
        return [templates[level] for templates in each if level in templates]

    def _places(self, level: NameLevel) -> list[str]:
        return list(dict.fromkeys(place for template in self._all(level) for place in template.columns))

    def _columns_of(self, view: str) -> Iterator[tuple[str, str]]:
        for level in LEVELS:
            if (name := name_column(view, level)) is None:
                continue
            for place in self._places(level):
                value = self._value(level, place, name)
                if view == STRUCTURE.name:
                    value = f"CASE WHEN level = {quote(level)} THEN {value} END"
                yield f"{level}_{place}", value

    def _value(self, level: NameLevel, place: str, name: str) -> str:
        default = _split(self.templates.get(level), place, name)
        cases = [
            f"WHEN {quote(account)} THEN {_split(templates[level], place, name)}"
            for account, templates in self.by_account.items()
            if level in templates
        ]
        return f"CASE account_id {' '.join(cases)} ELSE {default} END" if cases else default

    def count_sql(self, view: str, level: NameLevel, column: str) -> str:
        """Return SQL for the names of a level: how many there are, how many do not match, and one of these."""
        name = name_column(view, level)
        misses = f"{column} = {quote(UNMATCHED)}"
        return (
            f"SELECT count(DISTINCT {name}), count(DISTINCT {name}) FILTER (WHERE {misses}), "
            f"min({name}) FILTER (WHERE {misses}) FROM {view} WHERE {column} IS NOT NULL"
        )


def name_column(view: str, level: NameLevel) -> str | None:
    """Return the column of a view with the names of a level, or None."""
    if view == STRUCTURE.name:
        return "name"
    column = f"{level}_name"
    return column if column in TABLES[view].column_names else None


def _split(template: NameTemplate | None, place: str, name: str) -> str:
    """Return SQL for the value of a place: `unmatched` where the name does not match, NULL without the place."""
    if template is None or place not in template.columns:
        return "NULL"
    pattern = quote(template.pattern)

    def value(group: int) -> str:
        return f"regexp_extract({name}, {pattern}, {group}, 's')"

    checks = [f"regexp_matches({name}, {pattern}, 's')"]
    checks += [f"NOT contains({value(group)}, {quote(text)})" for group, text in template.limits]
    group = [part.name for part in template.places].index(place) + 1
    return f"CASE WHEN {' AND '.join(checks)} THEN trim({value(group)}) ELSE {quote(UNMATCHED)} END"
