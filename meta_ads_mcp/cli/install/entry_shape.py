"""How each client writes an entry: the names of its members, and what stands beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from meta_ads_mcp.cli.install.entry import ServerEntry


@dataclass(frozen=True)
class EntryShape:
    """Names of the members. Without `args` the command is a list that starts with the program.

    `fixed` belongs to every entry, `first` to a new one only: there the user decides later.
    """

    command: str = "command"
    args: str | None = "args"
    env: str = "env"
    fixed: Mapping[str, Any] = field(default_factory=dict)
    first: Mapping[str, Any] = field(default_factory=dict)

    def members(self, entry: ServerEntry) -> dict[str, Any]:
        """Return what an installation sets, without the environment."""
        if self.args is None:
            return {**self.fixed, self.command: [entry.command, *entry.args]}
        return {**self.fixed, self.command: entry.command, self.args: list(entry.args)}

    def new(self, entry: ServerEntry) -> dict[str, Any]:
        """Return a complete new entry."""
        env = {self.env: dict(entry.env)} if entry.env else {}
        return {**self.members(entry), **env, **self.first}


PLAIN = EntryShape()
TYPED = EntryShape(fixed={"type": "stdio"})
OPENCODE = EntryShape(args=None, env="environment", fixed={"type": "local"}, first={"enabled": True})
# Since version 2 opencode keeps servers under `mcp.servers`, and has no `enabled`. It reads the older form as well.
OPENCODE_2 = EntryShape(args=None, env="environment", fixed={"type": "local"})
# Goose ends a call after `timeout` seconds, and shows `name` and `description`.
GOOSE = EntryShape(
    command="cmd",
    env="envs",
    fixed={"type": "stdio"},
    first={"name": "meta-ads", "description": "Meta Ads", "enabled": True, "timeout": 300},
)
