"""The lead forms of a client's Page."""

from __future__ import annotations

from functools import partial
from typing import Any

from meta_ads_mcp.sandbox.world.place import Place

Json = Any
FORMS = (("Enquiry", "ACTIVE"), ("Newsletter", "ARCHIVED"))
QUESTIONS = (("full_name", "Full name", "FULL_NAME"), ("email", "E-mail", "EMAIL"), ("phone_number", "Phone", "PHONE"))


def add_forms(place: Place) -> None:
    """Add both forms; which leads they hold is decided in `leads`."""
    for serial, (name, status) in enumerate(FORMS):
        form_id = place.make("form", serial)
        questions = [
            {"key": key, "label": label, "type": kind, "id": f"{form_id[:12]}{number}"}
            for number, (key, label, kind) in enumerate(QUESTIONS, 1)
        ]
        form: dict[str, Json] = {
            "id": form_id,
            "name": f"{place.client.name} {name}",
            "status": status,
            "leads_count": partial(_count, place, form_id),
            "locale": "en_US",
            "created_time": place.ago(days=300 + serial),
            "questions": questions,
            "privacy_policy_url": f"https://{place.client.site}/privacy",
            "follow_up_action_url": f"https://{place.client.site}/thanks",
            "page": {"id": place.page_id},
            "page_id": place.page_id,
        }
        place.add(place.page_id, "leadgen_forms", "LeadgenForm", form, in_account=False)


def _count(place: Place, form_id: str) -> int:
    return place.world.leads.count(place.account.id, form_id)
