"""Field selections: what may be asked of Graph, and what never is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from meta_ads_mcp.core.params import Local

_NAME = re.compile(r"[a-z0-9_]{1,80}")
_FIELD = re.compile(r"[a-z0-9_]{1,80}(\{[a-z0-9_,{}]{1,400}\})?")
# A Page's token, an app's secret, a live video's key: no field selection may bring one out (names of the SDK's fields).
_SECRET = re.compile(r"secret|password|_token\b|\btokens?\b|\btoken_for|ingest_key|stream_url")
# Edges from an object to other ad accounts: the way there is a tool, which looks at the owner.
_ELSEWHERE = re.compile(r"\b(\w*ad_?accounts|accounts|\w*businesses|agencies|owner_ad_account\{|\w+recipientaccounts)")
# Leads are personal data: they come through their own tools, which mask them.
_PERSONAL = re.compile(r"(^|[{,])(test_)?leads([{},]|$)")
# Our spelling on the tool surface, Graph's on the wire.
ON_THE_WIRE = {"ad_set_id": "adset_id", "ad_set_name": "adset_name"}


def _field(value: str) -> str:
    if not _FIELD.fullmatch(value) or not _nested_well(value):
        raise ValueError("a field is a name such as daily_budget, or one with subfields such as creative{id,name}")
    require_readable(value)
    return _NAME.sub(lambda name: ON_THE_WIRE.get(name[0], name[0]), value)


def require_readable(value: str) -> None:
    """Reject fields that hold secrets or personal data, or that lead to other accounts. Raises ValueError."""
    if _SECRET.search(value):
        raise ValueError("fields that hold secrets cannot be read")
    if _PERSONAL.search(value):
        raise ValueError("leads are read with ads_get_leads or ads_get_ad_leads")
    if _ELSEWHERE.search(value):
        raise ValueError("fields that lead to other ad accounts cannot be read; there are tools for those")


def _nested_well(value: str) -> bool:
    """Whether every brace follows a name and closes, and no name is missing."""
    while (inner := re.sub(r"([a-z0-9_]+)\{[a-z0-9_]+(,[a-z0-9_]+)*\}(?!\{)", r"\1", value)) != value:
        value = inner
    return bool(_NAME.fullmatch(value))


FieldName = Annotated[str, AfterValidator(_field)]
FieldList = Annotated[
    list[FieldName],
    Local(),
    Field(min_length=1, max_length=100),
]


def selection(asked: Sequence[str] | None, default: Sequence[str], always: Sequence[str] = ()) -> list[str]:
    """The fields to request: what was asked or the default, with identity fields first, each once."""
    wanted = [*always, *(asked or default)]
    return list(dict.fromkeys(wanted))


def names(fields: Sequence[str]) -> list[str]:
    """The field names without their subfields."""
    return [item.split("{", 1)[0].split(".", 1)[0] for item in fields]
