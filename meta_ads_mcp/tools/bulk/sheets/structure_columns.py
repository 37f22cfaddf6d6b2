"""Define the columns of a structure file: what each holds per level, and the version of a row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.enums import EntityType
from meta_ads_mcp.core.values.graph_values import unix_seconds
from meta_ads_mcp.core.values.money import money
from meta_ads_mcp.core.values.spend_fields import UnreadableAmount, parse_minor
from meta_ads_mcp.domain.destinations import effective_link_url

Column = Literal[
    "level",
    "id",
    "parent_ref",
    "ref",
    "name",
    "status",
    "objective",
    "daily_budget",
    "lifetime_budget",
    "currency",
    "budget_change_percent",
    "bid_amount",
    "bid_strategy",
    "optimization_goal",
    "start_time",
    "end_time",
    "link_url",
    "url_tags",
    "labels",
    "row_version",
]
COLUMNS: tuple[str, ...] = get_args(Column)
# Columns that an import takes beside those of an export.
IMPORT_COLUMNS = (*COLUMNS, "template_id")
LEVELS: tuple[EntityType, ...] = ("campaign", "ad_set", "ad")
_MONEY = ("daily_budget", "lifetime_budget", "bid_amount")
LINK_COLUMNS = ("link_url", "url_tags")
# Level → column → Graph's field, for what a file can change. Labels and links are not plain fields.
EDITABLE: dict[EntityType, dict[str, str]] = {
    "campaign": {
        "name": "name",
        "status": "status",
        "daily_budget": "daily_budget",
        "lifetime_budget": "lifetime_budget",
        "bid_strategy": "bid_strategy",
        "end_time": "stop_time",
        "labels": "adlabels",
    },
    "ad_set": {
        "name": "name",
        "status": "status",
        "daily_budget": "daily_budget",
        "lifetime_budget": "lifetime_budget",
        "bid_amount": "bid_amount",
        "bid_strategy": "bid_strategy",
        "end_time": "end_time",
        "labels": "adlabels",
    },
    "ad": {
        "name": "name",
        "status": "status",
        "bid_amount": "bid_amount",
        "link_url": "link_url",
        "url_tags": "url_tags",
        "labels": "adlabels",
    },
}
# Level → column → field, for what a file only shows.
SHOWN: dict[EntityType, dict[str, str]] = {
    "campaign": {"objective": "objective", "start_time": "start_time"},
    "ad_set": {"optimization_goal": "optimization_goal", "start_time": "start_time"},
    "ad": {},
}
PARENT_FIELD: dict[EntityType, str] = {"ad_set": "campaign_id", "ad": "adset_id"}
_VERSION = "v1"
_HASH_CHARS = 12


@dataclass(frozen=True)
class StructureObject:
    """A campaign, ad set or ad of the account: its level, and its fields as Graph shows them."""

    level: EntityType
    row: Row

    @property
    def id(self) -> str:
        return str(self.row["id"])

    @property
    def name(self) -> str:
        return str(self.row.get("name") or "")

    @property
    def parent(self) -> str:
        """The id of the campaign or ad set above it; empty for a campaign."""
        return str(self.row.get(PARENT_FIELD.get(self.level, "")) or "")

    @property
    def version(self) -> str:
        """The id with a hash of what can be edited. It holds the id, because spreadsheets round long numbers."""
        values: dict[str, Any] = {field: self.row.get(field) for field in EDITABLE[self.level].values()}
        values |= {"adlabels": sorted(self.labels), "creative": creative_id(self.row)}
        values = {name: value for name, value in values.items() if name not in LINK_COLUMNS}
        text = json.dumps(values, sort_keys=True, default=str)
        return f"{_VERSION}.{self.id}.{hashlib.sha256(text.encode()).hexdigest()[:_HASH_CHARS]}"

    @property
    def labels(self) -> list[str]:
        """The names of the labels on the object."""
        rows = self.row.get("adlabels")
        labels = rows if isinstance(rows, list) else []
        return [str(label.get("name") or "") for label in labels if isinstance(label, Mapping)]

    def value(self, column: str, account: Account) -> str:
        """Return the value of a column as text: amounts in the currency's units, times with the account's offset."""
        field = {**EDITABLE[self.level], **SHOWN[self.level]}.get(column)
        if column == "labels":
            return join_labels(self.labels)
        if column in LINK_COLUMNS:
            creative = self.row.get("creative") or {}
            value = effective_link_url(creative) if column == "link_url" else creative.get("url_tags")
            return str(value or "") if self.level == "ad" else ""
        if field is None:
            return {"level": self.level, "id": self.id, "parent_ref": self.parent, "row_version": self.version}.get(
                column, account.currency if column == "currency" else ""
            )
        if column in _MONEY:
            return major_units(self.row.get(field), account.currency)
        return _time(self.row.get(field), account) if column.endswith("_time") else str(self.row.get(field) or "")


def creative_id(row: Mapping[str, Any]) -> str:
    """Return the id of an ad's creative."""
    creative = row.get("creative")
    return str(creative.get("id") or "") if isinstance(creative, Mapping) else str(creative or "")


def id_of_version(version: str) -> str | None:
    """Return the id that a row_version holds, or None for a text that is not one."""
    parts = version.strip().split(".")
    return parts[1] if len(parts) == 3 and parts[0] == _VERSION and parts[1].isdigit() else None


def minor_units(value: Any) -> int | None:
    """Return an amount of Graph in minor units. 0 is Graph's value for a budget that is not set."""
    try:
        return parse_minor(value) or None
    except UnreadableAmount:
        return None


def major_units(value: Any, currency: str) -> str:
    """Return an amount of Graph as decimal text without its currency, or an empty text."""
    minor = minor_units(value)
    return "" if minor is None else str(money(minor, currency).get("amount", minor))


def _time(value: Any, account: Account) -> str:
    seconds = unix_seconds(value)
    return "" if not seconds else datetime.fromtimestamp(seconds, account.timezone).strftime("%Y-%m-%dT%H:%M:%S%z")


def join_labels(names: list[str]) -> str:
    """Return label names as one text: `a; b`. A semicolon of a name gets a backslash."""
    return "; ".join(name.replace("\\", "\\\\").replace(";", "\\;") for name in sorted(names))


def split_labels(text: str) -> list[str]:
    """Return the label names of a text of `join_labels`."""
    names: list[str] = []
    name, in_escape = "", False
    for letter in text:
        if in_escape or letter not in "\\;":
            name, in_escape = name + letter, False
        elif letter == "\\":
            in_escape = True
        else:
            names, name = [*names, name], ""
    return [part for part in dict.fromkeys(part.strip() for part in [*names, name]) if part]
