"""A server with a local store in a small world, and what the store holds, read without the code of the store."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from meta_ads_mcp.sandbox import SandboxTransport, World
from tests.support.clock import FakeClock
from tests.support.sandbox_engine import SandboxEngine, build_writer

# Facts about the reading, not about what was read.
READING = ("synced_at",)


def new_store_world() -> World:
    """A world of seven accounts, for a test that changes it."""
    return World(today=FakeClock().moment(), accounts=7, ads=40)


@cache
def _shared_store_world() -> World:
    return new_store_world()


class StoreServer:
    """A state directory, and a world: by default one of seven accounts, the last two of which have two or three ads."""

    def __init__(self, state_dir: Path, world: World | None = None) -> None:
        self.state_dir, self.clock = state_dir, FakeClock()
        world = world or _shared_store_world()
        self.sandbox = SandboxTransport(world, clock=self.clock.moment)
        self.accounts = [f"act_{account}" for account in world.account_ids]
        self.small = self.accounts[-2:]

    def start(self, transport: Any = None, **options: Any) -> SandboxEngine:
        """Return a new process on the same state directory."""
        server = build_writer(transport or self.sandbox, clock=self.clock, state_dir=self.state_dir, **options)
        server.sandbox = self.sandbox
        return server

    @property
    def folder(self) -> Path:
        return self.state_dir / "store"

    def select(self, table: str, columns: str = "*", rest: str = "") -> list[tuple[Any, ...]]:
        """Rows of a table's files, read with DuckDB alone."""
        files = [str(path) for path in sorted(self.folder.glob(f"{table}/*/*.parquet"))]
        if not files:
            return []
        source = f"read_parquet({files!r}, hive_partitioning = true, union_by_name = true)"
        return duckdb.sql(f"SELECT {columns} FROM {source} {rest}").fetchall()

    def content(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything in the store but the moments of reading, in order."""
        tables = sorted({path.parent.parent.name for path in self.folder.glob("*/*/*.parquet")})
        return {table: sorted(self.select(table, f"* EXCLUDE ({', '.join(READING)})"), key=repr) for table in tables}
