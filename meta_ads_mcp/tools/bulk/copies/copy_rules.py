"""Decide what becomes of each reference, amount and country of a copied campaign in the target account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from meta_ads_mcp.core.params import Closed
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.result import Final, Row
from meta_ads_mcp.core.units.unit_plan import id_of_step
from meta_ads_mcp.core.values.ids import ObjectId
from meta_ads_mcp.core.values.money import money, offset
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.bulk.copies.references import (
    DROP,
    Kind,
    Outcome,
    Reference,
    list_references,
    replace_references,
)
from meta_ads_mcp.tools.bulk.copies.target_account import TargetAccount

OnUnmapped = Literal["refuse", "drop"]
# Kinds that lose nothing of what an ad says or counts when they are left out.
_DROPPABLE: frozenset[Kind] = frozenset({"audience"})
_MAPPING_NAMES: Mapping[Kind, str] = {
    "pixel": "pixels",
    "page": "pages",
    "instagram_user": "instagram_users",
    "audience": "audiences",
    "product_set": "product_sets",
    "lead_form": "lead_forms",
    "app": "apps",
}
_WHY_BLOCKED: Mapping[Kind, str] = {
    "pixel": "the target account cannot use this pixel",
    "page": "the target account cannot promote this Page",
    "instagram_user": "the target account cannot use this Instagram account",
    "audience": "the audience is not shared with the target account",
    "product_set": "a product set needs its counterpart, or itself if the business of the target shares its catalog",
    "lead_form": "a lead form belongs to its Page, which the target account cannot promote",
    "app": "an app needs its counterpart, or itself if the target account may advertise it",
    "video": "this token cannot read the file of the video, so it cannot be uploaded again",
    "other": "it belongs to the source account, and no counterpart can be named",
}


class CopyMapping(Closed):
    """Old id → new id, per kind; `countries` puts other countries into the targeting."""

    pixels: dict[str, ObjectId] | None = None
    pages: dict[str, ObjectId] | None = None
    instagram_users: dict[str, ObjectId] | None = None
    audiences: dict[str, ObjectId] | None = None
    product_sets: dict[str, ObjectId] | None = None
    lead_forms: dict[str, ObjectId] | None = None
    apps: dict[str, ObjectId] | None = None
    countries: dict[str, str] | None = None

    def new_id(self, reference: Reference) -> str | None:
        """Return the id that the user gave for a reference."""
        name = _MAPPING_NAMES.get(reference.kind)
        ids: Mapping[str, str] = getattr(self, name) or {} if name else {}
        return ids.get(reference.value)


@dataclass(frozen=True)
class Decision:
    """What becomes of a reference. `value` is what stands in the copy: an id, a reference to a step, or DROP."""

    outcome: Outcome
    value: Any
    reason: str = ""


@dataclass
class CopyRules:
    """Decide by what the user mapped, what the target account can use, and what can be uploaded again."""

    source: Account
    target: Account
    usable: TargetAccount
    mapping: CopyMapping
    on_unmapped: OnUnmapped
    rate: float | None
    videos: Mapping[str, Any]
    decisions: dict[Reference, Decision] = field(default_factory=dict)
    amounts: list[Row] = field(default_factory=list)
    dropped_places: list[str] = field(default_factory=list)

    # ---- references

    def rewrite(self, value: Row, where: str) -> Row:
        """Return parameters with the references of the target account. `where` names the object in messages."""
        for reference in list_references(value):
            self.decisions.setdefault(_placed(reference, where), self._decide(reference))
        result: Row = replace_references(value, lambda reference: self.decisions[reference].value)
        return result

    def _decide(self, reference: Reference) -> Decision:
        if reference.kind == "image":
            return Decision("copied", id_of_step(f"image:{reference.value}"))
        if reference.kind == "video":
            return self._decide_video(reference)
        new = self.mapping.new_id(reference)
        if new is not None:
            return self._mapped(reference, new)
        if self.usable.has(reference) or (reference.kind == "lead_form" and self._keeps_pages()):
            return Decision("shared already", reference.value)
        if self.on_unmapped == "drop" and reference.kind in _DROPPABLE:
            return Decision("dropped", DROP, _WHY_BLOCKED[reference.kind])
        return Decision("blocked", reference.value, _WHY_BLOCKED[reference.kind])

    def _decide_video(self, reference: Reference) -> Decision:
        video = self.videos.get(reference.value)
        if isinstance(video, AdsError) or not (video or {}).get("source"):
            return Decision("blocked", reference.value, _WHY_BLOCKED["video"])
        return Decision("copied", id_of_step(f"video:{reference.value}"))

    def _mapped(self, reference: Reference, new: str) -> Decision:
        names = self.usable.usable.get(reference.kind)
        if names is not None and new not in names:
            return Decision("blocked", reference.value, f"the target account cannot use {new} either")
        return Decision("mapped", new)

    def _keeps_pages(self) -> bool:
        """Return whether the target account can promote the Pages of the source, to which lead forms belong."""
        pages = [decision for reference, decision in self.decisions.items() if reference.kind == "page"]
        return bool(pages) and all(decision.outcome == "shared already" for decision in pages)

    def keep_post(self, story_id: str, where: str) -> None:
        """Note the Page of an existing post, which stays where it is."""
        page = Reference("page", story_id.partition("_")[0], where)
        if self.usable.has(page):
            self.decisions.setdefault(page, Decision("shared already", page.value))
        else:
            reason = "an existing post belongs to its Page, which the target account cannot promote"
            self.decisions[page] = Decision("blocked", page.value, reason)

    @property
    def blocked(self) -> list[Reference]:
        """The references for which the user has to choose."""
        return [reference for reference, decision in self.decisions.items() if decision.outcome == "blocked"]

    def table(self) -> list[Row]:
        """Return every reference but images and videos with its outcome, for the answer."""
        rows = [
            {
                "kind": reference.kind,
                "old": reference.value,
                "name": reference.name,
                "new": decision.value if decision.outcome == "mapped" else None,
                "outcome": decision.outcome,
                "reason": decision.reason,
            }
            for reference, decision in self.decisions.items()
            if decision.outcome != "copied"
        ]
        return [{name: value for name, value in row.items() if value} for row in rows]

    def choices(self) -> list[Row]:
        """Return what the user has to choose, with what the target account could use."""
        rows = [
            {
                "argument": f"mapping.{name}" if (name := _MAPPING_NAMES.get(reference.kind)) else None,
                "old": reference.value,
                "name": reference.name,
                "used_in": reference.place,
                "why": self.decisions[reference].reason,
                "candidates": self.usable.candidates(reference.kind)[:10],
            }
            for reference in self.blocked
        ]
        return [{name: value for name, value in row.items() if value} for row in rows]

    # ---- amounts

    @property
    def needs_rate(self) -> bool:
        """Return whether amounts cannot be copied without a rate that the user gives."""
        return self.source.currency != self.target.currency and self.rate is None

    def convert(self, values: Row, fields: tuple[str, ...], where: str) -> Row:
        """Return the values with the amounts of these fields in minor units of the target's currency, half up.

        Raises InvalidArguments for an amount that becomes 0, or a currency whose minor unit is not known.
        """
        names = [name for name in fields if values.get(name)]
        return values | {name: self._convert(int(values[name]), name, where) for name in names}

    def _convert(self, minor: int, name: str, where: str) -> int:
        if self.rate is None:
            return minor  # of the same currency, or the call ends because it has no rate
        units = offset(self.source.currency), offset(self.target.currency)
        if None in units:
            raise InvalidArguments(f"Meta's minor unit of {self.source.currency} or {self.target.currency} is unknown.")
        exact = Decimal(minor) / Decimal(units[0] or 1) * Decimal(str(self.rate)) * Decimal(units[1] or 1)
        new = int(exact.to_integral_value(ROUND_HALF_UP))
        if new <= 0:
            raise InvalidArguments(f"{name} of {where} becomes 0 with this budget_rate.", "Give another budget_rate.")
        before, after = money(minor, self.source.currency), money(new, self.target.currency)
        self.amounts.append({"object": where, "field": name, "before": Final(before), "after": Final(after)})
        return new

    # ---- places

    def move_places(self, targeting: Row, where: str) -> Row:
        """Return a targeting spec with the countries of the mapping. Places inside a replaced country are left out."""
        countries = self.mapping.countries or {}
        if not countries:
            return targeting
        return {
            key: self._moved(dict(value), countries, where)
            if key in ("geo_locations", "excluded_geo_locations") and isinstance(value, Mapping)
            else value
            for key, value in targeting.items()
        }

    def _moved(self, geo: Row, countries: Mapping[str, str], where: str) -> Row:
        new: list[str] = [countries.get(str(code), str(code)) for code in geo.get("countries") or ()]
        for name, places in geo.items():
            if name == "countries" or not isinstance(places, list):
                continue
            replaced_places = [
                place for place in places if isinstance(place, Mapping) and place.get("country") in countries
            ]
            if replaced_places:
                self.dropped_places.append(f"{len(replaced_places)} {name} of {where}")
                new += [countries[str(place["country"])] for place in replaced_places]
                geo[name] = [place for place in places if place not in replaced_places]
        geo["countries"] = list(dict.fromkeys(new))
        return {name: value for name, value in geo.items() if value != []}


def _placed(reference: Reference, where: str) -> Reference:
    return Reference(reference.kind, reference.value, where, reference.name)
