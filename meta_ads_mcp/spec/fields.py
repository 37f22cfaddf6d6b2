"""Field selections: what may be asked of Graph, and what never is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from meta_ads_mcp.spec.params import Local

_FIELD = re.compile(r"[a-z0-9_]{1,80}(\{[a-z0-9_,{}]{1,400}\})?")
# A Page's token, a pixel's or an app's secret: no field selection may bring one out.
_SECRET = re.compile(r"access_token|app_?secret|client_secret|webhook_secret")
# Our spelling on the tool surface, Graph's on the wire.
ON_THE_WIRE = {"ad_set_id": "adset_id", "ad_set_name": "adset_name"}


def _field(value: str) -> str:
    if not _FIELD.fullmatch(value) or value.count("{") != value.count("}"):
        raise ValueError("a field is a name such as daily_budget, or one with subfields such as creative{id,name}")
    if _SECRET.search(value):
        raise ValueError("fields that hold secrets cannot be read")
    return ON_THE_WIRE.get(value, value)


FieldName = Annotated[str, AfterValidator(_field)]
FieldList = Annotated[
    list[FieldName],
    Local(),
    Field(min_length=1, max_length=100, description="Graph fields instead of the default ones"),
]


def selection(asked: Sequence[str] | None, default: Sequence[str], always: Sequence[str] = ()) -> list[str]:
    """The fields to request: what was asked or the default, with identity fields first, each once."""
    wanted = [*always, *(asked or default)]
    return list(dict.fromkeys(wanted))


def names(fields: Sequence[str]) -> list[str]:
    """The field names without their subfields."""
    return [item.split("{", 1)[0].split(".", 1)[0] for item in fields]
