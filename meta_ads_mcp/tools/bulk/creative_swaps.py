"""Plan the new creatives of ads whose link or URL tags change: a faithful copy for each creative, made once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.units.patient_reads import read_patiently
from meta_ads_mcp.core.units.unit_plan import UnitStep
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.domain.copying import require_copyable, source_fields, writable_creative
from meta_ads_mcp.domain.destinations import DestinationKind, remaining_destinations
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.bulk.edits import EditValues
from meta_ads_mcp.tools.creatives.links import apply_link

REASON = "it changes where ads lead"
NOTE = "Meta may review the ads again, and likes and comments of the old posts do not move."
_NO_FIELD = re.compile(r"nonexisting field \((\w+)\)")
MAX_MISSING_FIELDS = 5


@dataclass
class CreativeSwaps:
    """Plan the new creatives of one call. `sources` are the creatives of the ads, or the error of their read."""

    account_id: str
    sources: Mapping[str, Row | AdsError]
    steps: dict[str, UnitStep] = field(default_factory=dict)
    remaining: Counter[DestinationKind] = field(default_factory=Counter)

    def plan(self, creative_id: str, values: EditValues, ad_id: str) -> UnitStep | None:
        """Return the step that makes the creative which the ad gets, or None if the ad has such a creative already.

        Raises AdsError when the creative cannot be copied completely, or has no link that can change.
        """
        key = f"creative:{creative_id}:{values.link_url or ''}:{values.url_tags or ''}"
        if key in self.steps:
            return self.steps[key]
        source = self.sources.get(creative_id) or InvalidArguments(f"Creative {creative_id} cannot be read")
        if isinstance(source, AdsError):
            raise source
        require_copyable("AdCreative", source)
        copy = writable_creative(source)
        new = apply_link(copy, values.link_url, values.url_tags)
        if new == copy:
            return None
        if values.link_url:
            kinds = {place.kind for place in remaining_destinations(copy, new, values.link_url)}
            self.remaining.update(kinds)
        self.steps[key] = UnitStep(key, self._change(copy, new), item=ad_id)
        return self.steps[key]

    def notes(self) -> list[str]:
        """Return what the new links leave unchanged, by kind."""
        if not self.steps:
            return []
        rest = [f"{kind.value} ({count} creatives)" for kind, count in self.remaining.items()]
        return [NOTE, *([f"Not changed, because link_url cannot replace it: {', '.join(rest)}."] if rest else [])]

    def _change(self, copy: Row, new: Row) -> Change:
        request = Request(
            "POST", f"{self.account_id}/adcreatives", new, account=self.account_id, repeatable=False, write=True
        )
        return Change(
            Effect.CREATE,
            request,
            "AdCreative",
            before=copy,
            after=new,
            readable=tuple(new),
            title=str(new.get("name") or ""),
            parent=self.account_id,
            edge="adcreatives",
            validate_only=True,
        )


async def read_creatives(call: Call, account_id: str, ids: Sequence[str]) -> dict[str, Row | AdsError]:
    """Return each creative with all that a copy takes. A field that this version of Graph does not have is noted."""
    missing: list[str] = []
    while True:
        fields = ",".join(name for name in source_fields("AdCreative") if name not in missing)
        requests = [Request("GET", creative_id, {"fields": fields}, account=account_id) for creative_id in ids]
        answers = await read_patiently(call.graph.batch, call.sleep, requests)
        unknown = next((name for answer in answers if (name := _missing_field(answer))), None)
        if unknown is None or unknown in missing or len(missing) == MAX_MISSING_FIELDS:
            break
        missing.append(unknown)
    if missing:
        call.note(f"Graph does not show {', '.join(missing)} here, so copies cannot have it.")
    return dict(zip(ids, answers, strict=True))


def _missing_field(answer: Any) -> str | None:
    match = _NO_FIELD.search(answer.message) if isinstance(answer, InvalidArguments) else None
    return match[1] if match else None
