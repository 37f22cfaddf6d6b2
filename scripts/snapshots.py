"""One JSON snapshot of every tool, as a client receives it, so that what a change does to clients is looked at.

Usage: python scripts/snapshots.py     writes tests/catalogue/snapshots/ and tool_index.json (which a start
                                       reads instead of the classes), and says what changed
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

FOLDER = Path(__file__).parent.parent / "tests" / "catalogue" / "snapshots"
KEYS = ("name", "title", "description", "annotations", "inputSchema")
# Bounds that refuse more when they rise, and those that refuse more when they fall.
LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
TEXTS = ("title", "description", "examples")

Schema = Mapping[str, Any]


class Change(NamedTuple):
    """`breaking` when a call that worked, or a client's approval of the tool, may no longer hold."""

    kind: Literal["compatible", "breaking"]
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


async def listing(*toolsets: str, writes: bool = True) -> dict[str, Any]:
    """The answer to `tools/list` as JSON, for these toolsets (none named: all)."""
    # Here, because importing the server is most of a second and comparing snapshots does not need it.
    from fastmcp import Client  # noqa: PLC0415

    from meta_ads_mcp.server.catalogue import Catalogue, collect  # noqa: PLC0415
    from meta_ads_mcp.server.server import AdsServer  # noqa: PLC0415

    catalogue: Any = Catalogue(collect(), listed=toolsets or ("all",), allow_writes=writes)
    no_engine: Any = None
    async with Client(AdsServer(catalogue, no_engine)) as client:
        answer: dict[str, Any] = (await client.list_tools_mcp()).model_dump(
            mode="json", by_alias=True, exclude_none=True
        )
    return answer


def snapshots() -> dict[str, dict[str, Any]]:
    """Tool name → its snapshot."""
    tools = asyncio.run(listing())["tools"]
    return {tool["name"]: {key: tool[key] for key in KEYS if key in tool} for tool in tools}


def stored() -> dict[str, dict[str, Any]]:
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def compare(before: Schema, after: Schema) -> list[Change]:
    """What became of a tool, seen by a client that knew it before."""
    changes = [
        Change("compatible", f"{key} reads differently")
        for key in ("title", "description")
        if _differ(key, before, after)
    ]
    hints = before.get("annotations", {}), after.get("annotations", {})
    for hint in sorted(hints[0].keys() | hints[1].keys()):
        if _differ(hint, *hints):
            kind: Literal["compatible", "breaking"] = "compatible" if hint == "title" else "breaking"
            changes.append(Change(kind, f"{hint}: {hints[0].get(hint)} → {hints[1].get(hint)}"))
    return changes + list(_schema("arguments", before.get("inputSchema", {}), after.get("inputSchema", {})))


def _differ(key: str, before: Schema, after: Schema) -> bool:
    return bool(before.get(key) != after.get(key))


def _schema(where: str, before: Schema, after: Schema) -> Iterator[Change]:
    yield from _properties(where, before, after)
    yield from _values(where, before, after)
    yield from _bounds(where, before, after)
    yield from _texts(where, before, after)
    if "items" in before and "items" in after:
        yield from _schema(f"{where}[]", before["items"], after["items"])
    if before.get("anyOf") != after.get("anyOf"):
        is_kept = all(arm in after.get("anyOf", []) for arm in before.get("anyOf", []))
        yield Change("compatible" if is_kept and "anyOf" in before else "breaking", f"{where}: other alternatives")


def _properties(where: str, before: Schema, after: Schema) -> Iterator[Change]:
    old, new = before.get("properties", {}), after.get("properties", {})
    needed_before, needed = set(before.get("required", [])), set(after.get("required", []))
    yield from (Change("breaking", f"{where}: {name} is gone") for name in old if name not in new)
    for name in new:
        if name not in old:
            yield Change(
                "breaking" if name in needed else "compatible",
                f"{where}: {name} is new{' and needed' * (name in needed)}",
            )
            continue
        if name in needed - needed_before:
            yield Change("breaking", f"{where}: {name} is needed now")
        if name in needed_before - needed:
            yield Change("compatible", f"{where}: {name} is optional now")
        yield from _schema(f"{where}.{name}", old[name], new[name])


def _values(where: str, before: Schema, after: Schema) -> Iterator[Change]:
    for key, read in (("type", _types), ("enum", _accepted)):
        old, new = read(before), read(after)
        if old == new:
            continue
        wider = new is None or (old is not None and old <= new)
        yield Change(
            "compatible" if wider else "breaking", f"{where}: {'more' if wider else 'fewer or other'} {key} values"
        )
    for key in ("pattern", "format", "additionalProperties"):
        if _differ(key, before, after):
            open_now = key not in after or after[key] is True
            yield Change(
                "compatible" if open_now else "breaking", f"{where}: {key} {before.get(key)} → {after.get(key)}"
            )
    if _differ("default", before, after):
        yield Change("breaking", f"{where}: default {before.get('default')} → {after.get('default')}")


def _types(schema: Schema) -> set[str] | None:
    types = schema.get("type")
    return None if types is None else {types} if isinstance(types, str) else set(types)


def _accepted(schema: Schema) -> set[str] | None:
    """The accepted values as JSON, None for any."""
    if "const" in schema:
        return {json.dumps(schema["const"])}
    return {json.dumps(value) for value in schema["enum"]} if "enum" in schema else None


def _bounds(where: str, before: Schema, after: Schema) -> Iterator[Change]:
    for key in (*LOWER_BOUNDS, *UPPER_BOUNDS):
        if not _differ(key, before, after):
            continue
        sign = 1 if key in UPPER_BOUNDS else -1
        wider = key not in after or (key in before and sign * after[key] > sign * before[key])
        yield Change("compatible" if wider else "breaking", f"{where}: {key} {before.get(key)} → {after.get(key)}")


def _texts(where: str, before: Schema, after: Schema) -> Iterator[Change]:
    yield from (
        Change("compatible", f"{where}: {key} reads differently") for key in TEXTS if _differ(key, before, after)
    )


def write() -> None:
    """Bring the folder up to date and print what a client would notice."""
    before, after = stored(), snapshots()
    FOLDER.mkdir(exist_ok=True)
    for name in before.keys() - after.keys():
        print(f"{name}: breaking: the tool is gone")
        (FOLDER / f"{name}.json").unlink()
    for name, tool in after.items():
        (FOLDER / f"{name}.json").write_text(json.dumps(tool, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        if name not in before:
            print(f"{name}: compatible: the tool is new")
        for change in compare(before.get(name, tool), tool):
            print(f"{name}: {change}")
    write_index()


def write_index() -> None:
    """The same of the file that a start reads."""
    from meta_ads_mcp.server import tool_index  # noqa: PLC0415
    from meta_ads_mcp.server.catalogue import collect  # noqa: PLC0415

    tool_index.FILE.write_text(tool_index.dump_entries(collect()), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write()
