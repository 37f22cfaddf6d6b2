"""Find the ids in a copied object that belong to the source account, and put those of the target account in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from meta_ads_mcp.core.nodes import kind_of_key
from meta_ads_mcp.core.result import Row

Kind = Literal[
    "pixel", "page", "instagram_user", "audience", "product_set", "lead_form", "app", "image", "video", "other"
]
Outcome = Literal["mapped", "shared already", "copied", "dropped", "blocked"]
# The kinds of core/nodes.py that a copy has to find in the target account.
_KINDS: Mapping[str, Kind] = {
    "AdsPixel": "pixel",
    "Page": "page",
    "IGUser": "instagram_user",
    "CustomAudience": "audience",
    "LeadgenForm": "lead_form",
    "Application": "app",
    "AdVideo": "video",
    "CustomConversion": "other",
}
# Keys that hold ids of kinds without a row there, and hashes of images. Source: SDK classes AdCreative,
# AdCreativeObjectStorySpec, AdAssetFeedSpecImage, AdPromotedObject.
_KEYS: Mapping[str, Kind] = {
    "product_set_id": "product_set",
    "product_catalog_id": "other",
    "custom_event_str_id": "other",
    "offline_conversion_data_set_id": "other",
    "image_hash": "image",
    "thumbnail_hash": "image",
    "actor_id": "page",
    "leadgen_form_id": "lead_form",
}
_HASH_PARENTS = frozenset({"images", "image_layer_specs"})


@dataclass(frozen=True)
class Reference:
    """An id of the source account: its kind, and the place where it was found first."""

    kind: Kind
    value: str
    place: str = field(default="", compare=False)
    name: str = field(default="", compare=False)


def list_references(value: Any, place: str = "") -> list[Reference]:
    """Return each id in a value once, with its first place."""
    return list(dict.fromkeys(_walk(value, "", place)))


def _walk(value: Any, key: str, place: str) -> Iterator[Reference]:
    if isinstance(value, Mapping):
        name = str(value.get("name") or "")
        for inner, item in value.items():
            where = f"{place}.{inner}" if place else str(inner)
            if inner == "id" and _kind(key):
                yield Reference(_kind(key) or "other", str(item), place, name)
            elif inner == "hash" and key in _HASH_PARENTS:
                yield Reference("image", str(item), where)
            else:
                yield from _walk(item, str(inner), where)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _walk(item, key, place)
    elif isinstance(value, str | int) and not isinstance(value, bool) and (kind := _kind(key)):
        yield Reference(kind, str(value), place)


def _kind(key: str) -> Kind | None:
    return _KEYS.get(key) or _KINDS.get(kind_of_key(key) or "")


Replace = Callable[[Reference], Any]
# The answer of a `Replace` for an id that is left out with the object or list entry that holds it.
DROP = object()


def replace_references(value: Any, replace: Replace) -> Any:
    """Return a value with another id in place of each reference. An entry of a list whose id is DROP is left out."""
    return _replaced(value, "", replace)


def _replaced(value: Any, key: str, replace: Replace) -> Any:
    if isinstance(value, Mapping):
        return _replaced_object(value, key, replace)
    if isinstance(value, list | tuple):
        items = [_replaced(item, key, replace) for item in value]
        return [item for item in items if item is not DROP]
    if isinstance(value, str | int) and not isinstance(value, bool) and (kind := _kind(key)):
        return replace(Reference(kind, str(value)))
    return value


def _replaced_object(value: Mapping[str, Any], key: str, replace: Replace) -> Any:
    row: Row = {}
    for inner, item in value.items():
        if inner == "id" and (kind := _kind(key)):
            new = replace(Reference(kind, str(item)))
            # The name belongs to the earlier object.
            return DROP if new is DROP else {"id": new}
        new = replace(Reference("image", str(item))) if inner == "hash" and key in _HASH_PARENTS else None
        new = _replaced(item, str(inner), replace) if new is None else new
        if new is not DROP and (new != [] or item == []):
            row[str(inner)] = new
    return row
