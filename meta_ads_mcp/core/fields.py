"""Check the fields that a caller requests, and reject fields with secrets, personal data or other accounts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from meta_ads_mcp.core.nodes import kind_of_key
from meta_ads_mcp.core.params import Local
from meta_ads_mcp.core.values.graph_edges import BUSINESS_EDGES

_NAME = re.compile(r"[a-z0-9_]{1,80}")
_FIELD = re.compile(r"[a-z0-9_]{1,80}(\{[a-z0-9_,{}]{1,400}\})?")
# Modifiers of nested edges that callers may use (Meta docs, graph-api/guides/field-expansion). They name no object.
_MODIFIER = re.compile(
    r"(?<=[a-z0-9_)])\.(limit\([0-9]{1,4}\)|date_preset\([a-z0-9_]{1,40}\)|"
    r"time_increment\(([0-9]{1,2}|monthly|all_days)\))(?=[.{},]|$)"
)
# A Page's token, an app's secret, a live video's key, the link by which an invited person joins a business (names of
# fields in the SDK): no field selection may return them.
_SECRET = re.compile(r"secret|password|_token\b|\btokens?\b|\btoken_for|ingest_key|stream_url|invite_link")
# Edges that lead to other accounts; use a tool, which enforces the allowlist.
_ELSEWHERE = re.compile(r"\b(\w*ad_?accounts|accounts|\w*businesses|agencies|owner_ad_account\{|\w+recipientaccounts)")
# Leads are personal data: only their tools may read them, because they mask them.
_LEADS = re.compile(r"(^|[{,])(test_)?leads([{},]|$)")
# Addresses of colleagues, and what people write to a Page.
_PERSONAL = re.compile(r"(^|[{,])(email|pending_email|conversations|messages|threads)([{},]|$)")
# What may be read of a business, a person or an app that another object names. Everything else of it can be about other
# accounts: its Pages, datasets, catalogs, people and invoices.
_ABOVE_ACCOUNTS = frozenset({"Business", "BusinessUser", "SystemUser", "User", "Application"})
_OF_THESE = frozenset("id name link category vertical verification_status created_time timezone_id namespace".split())
_OF_BUSINESSES = re.compile(r"(owned|client|pending|assigned)_\w+")
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
        raise ValueError("fields with personal data of people cannot be read")
    if _LEADS.search(value):
        raise ValueError("leads are read with ads_get_leads or ads_get_ad_leads")
    if _ELSEWHERE.search(value):
        raise ValueError("fields that lead to other ad accounts cannot be read; use the tools for accounts")
    for name, parents in _with_parents(value):
        is_above = any(kind_of_key(parent) in _ABOVE_ACCOUNTS for parent in parents)
        if (is_above and name not in _OF_THESE) or name in BUSINESS_EDGES or _OF_BUSINESSES.fullmatch(name):
            raise ValueError(
                f"{name} of a business, a person or an app cannot be read here, as it can be about other accounts; "
                "ads_get_business_assets reads what a business has"
            )


def _with_parents(value: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each name of a field with those whose braces it is in: `a{b{c}}` gives c with (a, b)."""
    parents: list[str] = []
    name = ""
    for part in re.findall(r"[a-z0-9_]+|[{}]", value):
        if part == "{":
            parents.append(name)
        elif part == "}":
            parents.pop()
        else:
            name = part
            yield name, tuple(parents)


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
