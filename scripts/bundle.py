"""Build the MCPB bundle: one file that a client with bundles (Claude Desktop) installs with a form for the token.

Usage: python scripts/bundle.py [--out DIR]     writes meta-ads-local-mcp-<version>.mcpb there (default: dist)

The bundle is of type `uv`: it holds the package and its `pyproject.toml`, and the client runs uv on it. Version
and tools of the manifest come from the code. Check it with `npx @anthropic-ai/mcpb validate` on the unpacked manifest.
"""

from __future__ import annotations

import argparse
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from meta_ads_mcp import __version__
from meta_ads_mcp.server.catalogue import Catalogue, collect

ROOT = Path(__file__).parent.parent
ALONGSIDE = ("README.md", "LICENSE", "PRIVACY.md")
# The same bytes for the same source, whenever it is built.
EPOCH = (2026, 1, 1, 0, 0, 0)


def manifest() -> dict[str, Any]:
    """The template of `bundle/`, with the version and the tools that are listed by default."""
    content: dict[str, Any] = json.loads((ROOT / "bundle" / "manifest.json").read_text(encoding="utf-8"))
    listed = Catalogue(collect()).listed
    tools = [{"name": tool.name, "description": tool.description.split("\n")[0]} for tool in listed]
    return content | {"version": __version__, "tools": tools}


def project() -> str:
    """`pyproject.toml` without the tools of development, which uv would otherwise install."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.sub(r"^\[dependency-groups\]\n.*?(?=^\[)", "", text, flags=re.MULTILINE | re.DOTALL)


def contents() -> Iterator[tuple[str, bytes]]:
    yield "manifest.json", json.dumps(manifest(), ensure_ascii=False, indent=2).encode()
    yield "pyproject.toml", project().encode()
    yield "icon.png", (ROOT / "bundle" / "icon.png").read_bytes()
    for name in ALONGSIDE:
        yield name, (ROOT / name).read_bytes()
    for path in sorted((ROOT / "meta_ads_mcp").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(ROOT).as_posix(), path.read_bytes()


def build(folder: Path) -> Path:
    """Write the bundle and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"meta-ads-local-mcp-{__version__}.mcpb"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in contents():
            bundle.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED)
    return target


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the MCPB bundle.")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    print(build(parser.parse_args().out))


if __name__ == "__main__":
    main()
