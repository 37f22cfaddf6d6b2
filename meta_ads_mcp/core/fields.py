"""Check the fields that a caller requests, and reject fields with secrets, personal data or other accounts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from meta_ads_mcp.core.params import Local

_NAME = re.compile(r"[a-z0-9_]{1,80}")
_FIELD = re.compile(r"[a-z0-9_]{1,80}(\{[a-z0-9_,{}]{1,400}\})?")
# Modifiers of nested edges that callers may use (Meta docs, graph-api/guides/field-expansion). They name no object.
_MODIFIER = re.compile(
    r"(?<=[a-z0-9_)])\.(limit\([0-9]{1,4}\)|date_preset\([a-z0-9_]{1,40}\)|"
    r"time_increment\(([0-9]{1,2}|monthly|all_days)\))(?=[.{},]|$)"
)
# A Page's token, an app's secret, a live video's key (names of fields in the SDK): no field selection may return them.
_SECRET = re.compile(r"secret|password|_token\b|\btokens?\b|\btoken_for|ingest_key|stream_url")
# Edges that lead to other accounts; use a tool, which enforces the allowlist.
_ELSEWHERE = re.compile(r"\b(\w*ad_?accounts|accounts|\w*businesses|agencies|owner_ad_account\{|\w+recipientaccounts)")
# Leads are personal data: only their tools may read them, because they mask them.
_PERSONAL = re.compile(r"(^|[{,])(test_)?leads([{},]|$)")
# A field's name in this server's tools → its name on Graph.
ON_THE_WIRE = {"ad_set_id": "adset_id", "ad_set_name": "adset_name"}


def _field(value: str) -> str:
    plain = _MODIFIER.sub("", value)
    if not _FIELD.fullmatch(plain) or not _is_well_nested(plain):
        raise ValueError(
            "a field is a name such as daily_budget, or a name with subfields such as creative{id,name} or "
            "insights.date_preset(last_7d){spend}"
        )
    require_readable(plain)
    return _NAME.sub(lambda name: ON_THE_WIRE.get(name[0], name[0]), value)


def require_readable(value: str) -> None:
    """Reject fields that hold secrets or personal data, or that lead to other accounts. Raises ValueError."""
    if _SECRET.search(value):
        raise ValueError("fields that hold secrets cannot be read")
    if _PERSONAL.search(value):
        raise ValueError("leads are read with ads_get_leads or ads_get_ad_leads")
    if _ELSEWHERE.search(value):
        raise ValueError("fields that lead to other ad accounts cannot be read; use the tools for accounts")


def _is_well_nested(value: str) -> bool:
    """Return whether every brace follows a name and closes, and no name is missing."""
    while (inner := re.sub(r"([a-z0-9_]+)\{[a-z0-9_]+(,[a-z0-9_]+)*\}(?!\{)", r"\1", value)) != value:
        value = inner
    return bool(_NAME.fullmatch(value))


FieldName = Annotated[str, AfterValidator(_field)]
FieldList = Annotated[
    list[FieldName],
    Local(),
    Field(min_length=1, max_length=100),
]


def selection(requests: Sequence[str] | None, default: Sequence[str], always: Sequence[str] = ()) -> list[str]:
    """Return the fields to read: the requested fields, or else the default. `always` come first; each name once."""
    return list(dict.fromkeys([*always, *(requests or default)]))


def names(fields: Sequence[str]) -> list[str]:
    """Return the names of fields without their subfields."""
    return [item.split("{", 1)[0].split(".", 1)[0] for item in fields]
