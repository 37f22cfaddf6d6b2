"""Put ids in place of the names of places, interests and languages in the targeting of any tool's arguments.

Graph takes ids alone. A name that is beyond doubt is replaced, and a note says by what. Any other name is refused with
its candidates, before anything is sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel

from meta_ads_mcp.core.params import marker
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.domain.normalization.countries import find_country
from meta_ads_mcp.domain.targeting import HoldsTargeting, TargetingPart
from meta_ads_mcp.domain.targeting_names.name_kinds import (
    AUDIENCE_KEYS,
    DETAIL_KINDS,
    KINDS,
    LOCALES,
    PLACE_KINDS,
    is_id,
)
from meta_ads_mcp.domain.targeting_names.name_search import TargetName, label, search_names, similar_options
from meta_ads_mcp.errors import InvalidArguments

MAX_NAMES = 50
MAX_SHOWN_NAMES, MAX_SHOWN_OPTIONS = 4, 6
_COUNTRIES = "countries"
_COUNTRY_CODE = re.compile("[A-Z]{2}")
# Names of a country that mean only a part of it.
_PARTS_OF_COUNTRIES = frozenset({"england", "scotland", "wales", "northern ireland"})
# What an entry says about the place that it names. The rest of an entry, such as a radius, stays.
_WITHIN = ("region", "region_id", "country")

# Takes where an entry is, the key of its list and the entry, and returns what is to be there.
Replace = Callable[[str, str, Any], Any]
M = TypeVar("M", bound=BaseModel)


async def with_targeting_ids(args: M, call: Call) -> M:
    """Return the arguments with ids in place of names.

    Raises InvalidArguments, with the candidates, for a name that is not that of exactly one option.
    """
    if not _holds_targeting(type(args)):
        return args
    names: dict[str, TargetName] = {}
    wrong: dict[str, str] = {}

    def collect(where: str, key: str, entry: Any) -> Any:
        if key in KINDS and (name := _name_of(key, entry)) is not None:
            names[where] = name
        elif key in AUDIENCE_KEYS and not _is_audience(entry):
            wrong[where] = "an audience is given by its id; ads_get_custom_audiences lists them"
        elif key == _COUNTRIES and not _country_code(entry):
            wrong[where] = f"{str(entry)[:80]!r} is not a country; give its code, such as DE"
        return entry

    _map_model(args, collect)
    if len({*names.values()}) > MAX_NAMES:
        raise InvalidArguments(
            f"The targeting has {len(names)} names in place of ids; one call looks up {MAX_NAMES} at most.",
            "Look them up with ads_search_geo_locations and ads_search_interests, and give keys and ids.",
        )
    options = await search_names(call, names.values()) if names else {}
    doubts = {where: name for where, name in names.items() if len(options[name]) != 1}
    if doubts or wrong:
        raise await _refusal(call, doubts, options, wrong)
    _note_ids(call, names, options)

    def insert(where: str, key: str, entry: Any) -> Any:
        if key == _COUNTRIES:
            if (code := _country_code(entry)) != entry:
                call.note(f'countries: "{entry[:80]}" is {code}.')
            return code
        return _entry(key, entry, options[names[where]][0]) if where in names else entry

    return _map_model(args, insert)


# ---- names


def _name_of(key: str, entry: Any) -> TargetName | None:
    """Return the name that an entry gives in place of an id, or None. Graph judges what is neither."""
    id_key = KINDS[key].id_key
    if not isinstance(entry, Mapping):
        is_name = isinstance(entry, str | int) and not is_id(key, entry, in_object=False)
        return TargetName(key, str(entry).strip()) if is_name and str(entry).strip() else None
    value = entry.get(id_key)
    if is_id(key, value, in_object=True):
        return None
    text = str(value or entry.get("name") or "").strip()
    within = tuple(str(entry[name]) for name in _WITHIN if entry.get(name))
    return TargetName(key, text, within) if text else None


def _is_audience(entry: Any) -> bool:
    value = entry.get("id") if isinstance(entry, Mapping) else entry
    return not isinstance(value, bool) and isinstance(value, str | int) and str(value).isdecimal()


def _country_code(entry: Any) -> str:
    """Return the code of a country that is given by its code or its name, "" for anything else."""
    if not isinstance(entry, str) or entry.strip().lower() in _PARTS_OF_COUNTRIES:
        return ""
    return find_country(entry).upper() or (entry if _COUNTRY_CODE.fullmatch(entry) else "")


def _entry(key: str, entry: Any, row: Row) -> Any:
    """Return an entry for Graph: the id of the option, and what else the entry said, such as a radius."""
    kind = KINDS[key]
    if kind.family == "language":
        return int(row["key"])
    if kind.family == "detail":
        return {"id": str(row["id"]), "name": row.get("name")}
    rest = entry if isinstance(entry, Mapping) else {}
    country = {"country": row["country_code"]} if row.get("country_code") else {}
    place = {"key": str(row["key"]), "name": row.get("name"), **country}
    return {**place, **{name: value for name, value in rest.items() if name not in (*place, *_WITHIN)}}


def _note_ids(call: Call, names: Mapping[str, TargetName], options: Mapping[TargetName, list[Row]]) -> None:
    for name in dict.fromkeys(names.values()):
        call.note(f'{name.key}: "{name.text[:80]}" is {label(name.kind, options[name][0])}.')


async def _refusal(
    call: Call, doubts: Mapping[str, TargetName], options: Mapping[TargetName, list[Row]], wrong: Mapping[str, str]
) -> InvalidArguments:
    """Return the error for names that stand for no option or for several, with the candidates of each."""
    texts = [f"{where}: {reason}" for where, reason in wrong.items()]
    rows: list[Row] = [{"column": where, "reason": reason} for where, reason in wrong.items()]
    for where, name in doubts.items():
        candidates = options[name]
        near = candidates or await similar_options(call, name)
        labels = [label(name.kind, row) for row in near[:MAX_SHOWN_OPTIONS]]
        text = _doubt(name, labels, len(candidates))
        texts.append(f"{where}: {text}")
        rows.append({"column": where, "reason": text, "candidates": [_option(name, row) for row in near]})
    more = len(texts) - MAX_SHOWN_NAMES
    text = "; ".join(texts[:MAX_SHOWN_NAMES]) + (f"; and {more} more" if more > 0 else "")
    tools = dict.fromkeys(name.kind.tool for name in doubts.values() if name.kind.tool)
    return InvalidArguments(
        f"Some names in the targeting are unknown or have several meanings; nothing was sent. {text}.",
        _advice(doubts.values(), tuple(tools)),
        details={"rows": rows},
    )


def _doubt(name: TargetName, labels: list[str], count: int) -> str:
    text = f'"{name.text[:80]}"'
    if count > 1:
        return f"{text} can be {' or '.join(labels)}"
    near = f"; similar: {', '.join(labels)}" if labels else ""
    return f"no {name.kind.noun} is named {text}{near}"


def _advice(names: Any, tools: tuple[str, ...]) -> str:
    families = {name.kind.family for name in names}
    steps = ["Choose with the user, and give the key or id that is meant."] if families else ["Give ids."]
    if "place" in families:
        steps.append('A region or country can follow the name: "Paris, Texas" or "Paris, FR".')
    if tools:
        steps.append(f"More: {', '.join(tools)}.")
    return " ".join(steps)


def _option(name: TargetName, row: Row) -> Row:
    keys = (name.kind.id_key, "name", "region", "country_code", "path")
    return {key: row[key] for key in keys if row.get(key)}


# ---- the places of names in arguments


@cache
def _holds_targeting(cls: type[BaseModel]) -> bool:
    """Return whether arguments of a class hold targeting, also inside other models."""
    infos = cls.model_fields.values()
    return any(marker(info, HoldsTargeting) or any(map(_holds_targeting, _models(info.annotation))) for info in infos)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models inside a type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _models(inner)


def _map_model(model: M, replace: Replace, where: str = "") -> M:
    """Return a model with replaced entries of all targeting in it."""
    values: dict[str, Any] = {}
    for name, info in type(model).model_fields.items():
        value, place = getattr(model, name), f"{where}{name}"
        mark: HoldsTargeting | None = marker(info, HoldsTargeting)
        if isinstance(value, BaseModel):
            values[name] = _map_model(value, replace, f"{place}.")
        elif mark is not None and value is not None:
            values[name] = _map_part(mark.part, value, place, replace)
    changes = {name: value for name, value in values.items() if value != getattr(model, name)}
    return model.model_copy(update=changes) if changes else model


def _map_part(part: TargetingPart, value: Any, where: str, replace: Replace) -> Any:
    if part == "tree":
        return _map_tree(value, where, replace)
    replacers = {"spec": _map_spec, "places": _map_places, "group": _map_group}
    return replacers[part](value, where, replace) if isinstance(value, Mapping) else value


def _map_tree(value: Any, where: str, replace: Replace) -> Any:
    """Replace the entries of every `targeting` inside plain objects and lists."""
    if isinstance(value, Mapping):
        return {
            name: _map_spec(item, f"{where}.{name}", replace)
            if name == "targeting" and isinstance(item, Mapping)
            else _map_tree(item, f"{where}.{name}", replace)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_map_tree(item, f"{where}[{index}]", replace) for index, item in enumerate(value)]
    return value


def _map_spec(spec: Mapping[str, Any], where: str, replace: Replace) -> dict[str, Any]:
    result = _map_group(spec, where, replace)
    for name in ("geo_locations", "excluded_geo_locations"):
        if isinstance(places := spec.get(name), Mapping):
            result[name] = _map_places(places, f"{where}.{name}", replace)
    if isinstance(exclusions := spec.get("exclusions"), Mapping):
        result["exclusions"] = _map_group(exclusions, f"{where}.exclusions", replace)
    if isinstance(groups := spec.get("flexible_spec"), list):
        result["flexible_spec"] = [
            _map_group(group, f"{where}.flexible_spec[{index}]", replace) if isinstance(group, Mapping) else group
            for index, group in enumerate(groups)
        ]
    return result


def _map_group(group: Mapping[str, Any], where: str, replace: Replace) -> dict[str, Any]:
    return _map_lists(group, where, (*DETAIL_KINDS, LOCALES, *AUDIENCE_KEYS), replace)


def _map_places(places: Mapping[str, Any], where: str, replace: Replace) -> dict[str, Any]:
    return _map_lists(places, where, (*PLACE_KINDS, _COUNTRIES), replace)


def _map_lists(group: Mapping[str, Any], where: str, keys: tuple[str, ...], replace: Replace) -> dict[str, Any]:
    result = dict(group)
    for key in keys:
        if group.get(key) is not None:
            entries = group[key] if isinstance(group[key], list) else [group[key]]
            result[key] = [replace(f"{where}.{key}[{index}]", key, entry) for index, entry in enumerate(entries)]
    return result
