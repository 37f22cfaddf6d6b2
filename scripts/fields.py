"""Distil what may be asked of the objects of an ad account into the data of the resources `ads://fields/…`.

Names and types are those of Meta's own SDK (its source is read, nothing of it is imported), meanings are those of
`field_meanings.toml`. Run it after an update of the SDK or of the meanings:

    python scripts/fields.py [--check]     writes meta_ads_mcp/server/fields.json; with --check fails when that is stale

The shape of the file, with "" for a level or a meaning that is not said:

    {"version": "v26.0", "objects": {"campaign": {"class": "Campaign", "fields": {"name": ["string", "", "…"]}}}}
"""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from meta_ads_mcp.core.fields import FieldName

FOLDER = Path(__file__).resolve().parent
TARGET = FOLDER.parent / "meta_ads_mcp" / "server" / "fields.json"
MEANINGS = FOLDER / "field_meanings.toml"
OBJECTS = {
    "insights": "AdsInsights",
    "campaign": "Campaign",
    "ad_set": "AdSet",
    "ad": "Ad",
    "creative": "AdCreative",
    "account": "AdAccount",
}
# Fields of insights that exist from a level down: a row above it has no one campaign, ad set or ad.
FROM_LEVEL = {"campaign_": "campaign ad_set ad", "adset_": "ad_set ad", "ad_id": "ad", "ad_name": "ad"}
RANKINGS = ("quality_ranking", "engagement_rate_ranking", "conversion_rate_ranking")
_FIELD: TypeAdapter[str] = TypeAdapter(FieldName)


def meanings() -> dict[str, dict[str, str]]:
    return tomllib.loads(MEANINGS.read_text(encoding="utf-8"))


def sdk_classes() -> dict[str, dict[str, Any]]:
    from scripts.distill_graph import parse_sdk, sdk_folder  # noqa: PLC0415

    return parse_sdk(sdk_folder())


def distil() -> dict[str, Any]:
    from scripts.distill_graph import api_version, sdk_folder  # noqa: PLC0415

    classes, descriptions = sdk_classes(), meanings()
    objects = {
        name: {"class": node, "fields": _fields(name, classes[node]["fields"], descriptions[name])}
        for name, node in OBJECTS.items()
    }
    return {"version": api_version(sdk_folder()), "objects": objects}


def _fields(name: str, types: dict[str, str], descriptions: dict[str, str]) -> dict[str, list[str]]:
    """The fields with a meaning in the order of the meanings, then the others by name."""
    unknown = descriptions.keys() - types.keys()
    if unknown:
        sys.exit(f"{MEANINGS.name}: {name} has no field {', '.join(sorted(unknown))}")
    order = [*descriptions, *sorted(types.keys() - descriptions.keys())]
    return {
        field: [types[field], _levels(name, field), descriptions.get(field, "")] for field in order if _readable(field)
    }


def _readable(field: str) -> bool:
    """Whether the tools take the field: those that hold secrets or lead elsewhere they refuse."""
    try:
        _FIELD.validate_python(field)
    except ValidationError:
        return False
    return True


def _levels(name: str, field: str) -> str:
    if name != "insights":
        return ""
    if field in RANKINGS:
        return "ad"
    return next((levels for start, levels in FROM_LEVEL.items() if field.startswith(start)), "all")


def rendered() -> str:
    """One line per field, so that a change of the SDK reads well in a diff."""
    data = distil()
    parts = []
    for name, entry in data["objects"].items():
        lines = [f"{json.dumps(key)}:{_compact(value)}" for key, value in entry["fields"].items()]
        parts.append(f'{json.dumps(name)}:{{"class":"{entry["class"]}","fields":{{\n' + ",\n".join(lines) + "\n}}")
    return f'{{"version":"{data["version"]}","objects":{{\n' + ",\n".join(parts) + "\n}}\n"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main() -> int:
    if "--check" in sys.argv[1:]:
        same = TARGET.is_file() and TARGET.read_text(encoding="utf-8") == rendered()
        print("" if same else f"stale: {TARGET.name}; run python scripts/fields.py and commit what it wrote")
        return 0 if same else 1
    TARGET.write_text(rendered(), encoding="utf-8", newline="\n")
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(FOLDER.parent))
    sys.exit(main())
