"""Turn a lead into a flat row: a column per question and per consent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any

from meta_ads_mcp.core.result import Row

# Fields of the SDK class Lead, with the names that this server shows.
COLUMNS = {
    "ad_id": "ad_id",
    "ad_name": "ad_name",
    "adset_id": "ad_set_id",
    "adset_name": "ad_set_name",
    "campaign_id": "campaign_id",
    "campaign_name": "campaign_name",
    "platform": "platform",
    "is_organic": "is_organic",
    "retailer_item_id": "retailer_item_id",
}
FORM_COLUMNS = ("id", "created_time", "form_id", "form_name", "page_id")
FIELDS = (*("id", "created_time", "form_id"), *COLUMNS, *("field_data", "custom_disclaimer_responses"))
_RESERVED = frozenset({*FORM_COLUMNS, *COLUMNS.values()})


def lead_row(lead: Row, form: Row, zone: tzinfo) -> Row:
    """Return a lead of a form as a row. `created_time` is ISO 8601 in the zone; several answers are joined by `; `."""
    moment = created(lead)
    row: Row = {
        "id": lead.get("id"),
        "created_time": datetime.fromtimestamp(moment, zone).isoformat() if moment else lead.get("created_time"),
        "form_id": lead.get("form_id") or form.get("id"),
        "form_name": form.get("name"),
        "page_id": form.get("page_id"),
        **{column: lead.get(field) for field, column in COLUMNS.items()},
    }
    for name, value in (*_answers(lead), *_consents(lead)):
        row.setdefault(name, value)
    return row


def created(lead: Row) -> int:
    """Return when a lead was sent, in Unix seconds; 0 where Meta does not say."""
    try:
        moment = datetime.fromisoformat(str(lead.get("created_time")))
    except ValueError:
        return 0
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _answers(lead: Row) -> Iterator[tuple[str, Any]]:
    for answer in _objects(lead.get("field_data")):
        name, values = str(answer.get("name") or "question"), answer.get("values")
        text = "; ".join(map(str, values)) if isinstance(values, list) else values
        yield (f"question_{name}" if name in _RESERVED else name), text


def _consents(lead: Row) -> Iterator[tuple[str, Any]]:
    for consent in _objects(lead.get("custom_disclaimer_responses")):
        yield f"consent_{consent.get('checkbox_key')}", _flag(consent.get("is_checked"))


def _flag(value: Any) -> Any:
    """Graph gives "1" and "" for a checkbox in some versions."""
    return {"1": True, "true": True, "0": False, "false": False, "": False}.get(str(value).lower(), value)


def _objects(value: Any) -> Iterable[Row]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
