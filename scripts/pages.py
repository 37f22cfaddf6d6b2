"""Parts of the measured pages of the documentation: a table, and the machine that was measured."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [" | ".join(head), " | ".join("---" for _ in head), *(" | ".join(map(str, row)) for row in rows)]
    return "\n" + "".join(f"| {line} |\n" for line in lines)


def machine() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("fastmcp", "pydantic"))
    return f"{platform.system()}, {os.cpu_count()} virtual cores, Python {platform.python_version()}, {packages}."
