"""Read the TOML files that a person writes for this server, such as `clients.toml` and `naming.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from meta_ads_mcp.errors import InvalidArguments

MAX_BYTES = 1_000_000


def read_toml(path: Path, example: str) -> dict[str, Any] | None:
    """Return the content of a file, or None where there is none. Raises InvalidArguments with the example."""
    try:
        if not path.is_file():
            return None
        if path.stat().st_size <= MAX_BYTES:
            return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
        failure: Exception = ValueError("it is larger than 1 MB")
    except (OSError, ValueError, RecursionError) as problem:
        failure = problem
    raise InvalidArguments(f"{path.name} cannot be read: {failure}.", f"It looks like {example!r}.")
