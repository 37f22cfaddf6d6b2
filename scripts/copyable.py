"""Distill which fields of an object Graph both shows and accepts in a new one, for copies.

Reads the source of the installed `facebook_business` package (a development dependency) and writes
`meta_ads_mcp/domain/copyable.json`. Run it after an update of the SDK:

    python scripts/copyable.py [--check]     with --check writes nothing and fails when the file is stale

The shape of the file: per class the fields that are readable and parameters of its creation, with the type of the
parameter, and those that are readable only:

    {"version": "v26.0", "classes": {"AdSet": {"copyable": {"name": "string", ...}, "read_only": ["account_id", ...]}}}
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "meta_ads_mcp" / "domain" / "copyable.json"
# Class → the edge of an ad account on which it is created.
CREATION_EDGES = {"Campaign": "campaigns", "AdSet": "adsets", "Ad": "ads", "AdCreative": "adcreatives"}


def distill() -> dict[str, Any]:
    """Return the content of the file."""
    from scripts.distill_graph import api_version, parse_sdk, sdk_folder  # noqa: PLC0415

    folder = sdk_folder()
    classes = parse_sdk(folder)
    return {
        "version": api_version(folder),
        "classes": {name: _fields_of(classes, name, edge) for name, edge in CREATION_EDGES.items()},
    }


def _fields_of(classes: dict[str, dict[str, Any]], name: str, edge: str) -> dict[str, Any]:
    fields = classes[name]["fields"]
    params = classes["AdAccount"]["edges"][f"POST {edge}"]["params"]
    return {
        "copyable": {field: _plain_type(params[field]) for field in sorted(fields) if field in params},
        "read_only": sorted(set(fields) - set(params)),
    }


def _plain_type(kind: str) -> str:
    """Drop the values of enums, which copies do not need."""
    return "enum" if kind.startswith("enum:") else kind.split("<enum:", maxsplit=1)[0]


def render() -> str:
    """Return the text of the file, with one line per class."""
    content = distill()
    lines = [f'"{name}":{json.dumps(fields, separators=(",", ":"))}' for name, fields in content["classes"].items()]
    return f'{{"version":"{content["version"]}","classes":{{\n' + ",\n".join(lines) + "\n}}\n"


def main() -> None:
    """Write the file, or compare it with `--check`."""
    text = render()
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(text, encoding="utf-8")
    elif TARGET.read_text(encoding="utf-8") != text:
        sys.exit(f"{TARGET.name} is stale: run python scripts/copyable.py")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    main()
