"""Where each client keeps its list of servers, on macOS, Windows and Linux.

Sources: the clients' own documentation (code.claude.com, docs.cursor.com, docs.cline.bot, code.visualstudio.com,
developers.openai.com/codex, opencode.ai, geminicli.com, docs.windsurf.com, zed.dev, block.github.io/goose); for the
packaged Claude Desktop of Windows, anthropics/claude-code#26073.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from meta_ads_mcp.cli.install.document import TextFormat
from meta_ads_mcp.cli.install.entry_shape import GOOSE, OPENCODE, PLAIN, TYPED, EntryShape
from meta_ads_mcp.cli.install.jsonc import JsonFormat
from meta_ads_mcp.cli.install.toml_text import TomlFormat
from meta_ads_mcp.cli.install.yaml_text import YamlFormat

System = Literal["darwin", "win32", "linux"]
JSON, JSONC, TOML, YAML = JsonFormat(comments=False), JsonFormat(comments=True), TomlFormat(), YamlFormat()
EDITORS = ("Code", "Code - Insiders", "VSCodium", "Cursor", "Windsurf")


@dataclass(frozen=True)
class Machine:
    """The system, the home folder and the environment: all that the places depend on."""

    system: System
    home: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def this(cls) -> Machine:
        system: System = "darwin" if sys.platform == "darwin" else "win32" if sys.platform == "win32" else "linux"
        return cls(system, Path.home(), os.environ)

    @property
    def config(self) -> Path:
        """Return the folder in which applications keep their configuration."""
        if self.system == "darwin":
            return self.home / "Library" / "Application Support"
        if self.system == "win32":
            return Path(self.environ.get("APPDATA") or self.home / "AppData" / "Roaming")
        return Path(self.environ.get("XDG_CONFIG_HOME") or self.home / ".config")

    @property
    def local(self) -> Path:
        """Windows: what belongs to this machine alone."""
        return Path(self.environ.get("LOCALAPPDATA") or self.home / "AppData" / "Local")


@dataclass(frozen=True)
class ClientConfig:
    """A client: `files` are the files it reads on this machine, all of them to be changed; `key` holds the servers."""

    name: str
    title: str
    files: Callable[[Machine], list[Path]]
    key: str = "mcpServers"
    format: TextFormat = JSON
    shape: EntryShape = PLAIN
    then: str = "Restart it to load the server."


def _claude_desktop(machine: Machine) -> list[Path]:
    """The packaged app of Windows reads a folder of its own, and shows the user the usual one: both are kept alike."""
    name = "claude_desktop_config.json"
    usual = machine.config / "Claude"
    if machine.system != "win32":
        return [usual / name]
    msix = [folder / "LocalCache" / "Roaming" / "Claude" for folder in sorted(machine.local.glob("Packages/Claude_*"))]
    return [folder / name for folder in ([usual, *msix] if usual.is_dir() else msix or [usual])]


def _claude_code(machine: Machine) -> list[Path]:
    return [Path(machine.environ.get("CLAUDE_CONFIG_DIR") or machine.home) / ".claude.json"]


def _cursor(machine: Machine) -> list[Path]:
    return [machine.home / ".cursor" / "mcp.json"]


def _cline(machine: Machine) -> list[Path]:
    """The shared folder of Cline's command line and newer versions, and that of the extension in each editor."""
    shared = machine.home / ".cline" / "data" / "settings" / "cline_mcp_settings.json"
    extensions = [machine.config / editor / "User" / "globalStorage" / "saoudrizwan.claude-dev" for editor in EDITORS]
    places = [folder / "settings" / shared.name for folder in extensions if folder.is_dir()]
    return [shared, *places] if not places or (machine.home / ".cline").is_dir() else places


def _vscode(machine: Machine) -> list[Path]:
    usual, insiders = (machine.config / editor / "User" / "mcp.json" for editor in EDITORS[:2])
    if insiders.parent.is_dir():
        return [usual, insiders] if usual.parent.is_dir() else [insiders]
    return [usual]


def _codex(machine: Machine) -> list[Path]:
    return [Path(machine.environ.get("CODEX_HOME") or machine.home / ".codex") / "config.toml"]


def _opencode(machine: Machine) -> list[Path]:
    """The folder is the same on every system."""
    folder = Path(machine.environ.get("XDG_CONFIG_HOME") or machine.home / ".config") / "opencode"
    existing = [path for path in (folder / "opencode.jsonc", folder / "opencode.json") if path.is_file()]
    return existing[:1] or [folder / "opencode.json"]


def _gemini(machine: Machine) -> list[Path]:
    return [machine.home / ".gemini" / "settings.json"]


def _windsurf(machine: Machine) -> list[Path]:
    return [machine.home / ".codeium" / "windsurf" / "mcp_config.json"]


def _zed(machine: Machine) -> list[Path]:
    if machine.system == "win32":
        return [machine.config / "Zed" / "settings.json"]
    folder = machine.config if machine.system == "linux" else machine.home / ".config"
    return [folder / "zed" / "settings.json"]


def _goose(machine: Machine) -> list[Path]:
    if machine.system == "win32":
        return [machine.config / "Block" / "goose" / "config" / "config.yaml"]
    folder = machine.config if machine.system == "linux" else machine.home / ".config"
    return [folder / "goose" / "config.yaml"]


CLIENTS = {
    client.name: client
    for client in (
        ClientConfig(
            "claude-desktop", "Claude Desktop", _claude_desktop, then="Quit and reopen it to load the server."
        ),
        ClientConfig("claude-code", "Claude Code", _claude_code, shape=TYPED, then="See it with `claude mcp list`."),
        ClientConfig("cursor", "Cursor", _cursor, format=JSONC, then="Switch it on in Cursor's settings, under MCP."),
        ClientConfig("cline", "Cline", _cline, format=JSONC, then="It appears under MCP servers."),
        ClientConfig("vscode", "VS Code", _vscode, "servers", JSONC, TYPED, then="Start it from MCP: List Servers."),
        ClientConfig("codex", "Codex", _codex, "mcp_servers", TOML, then="See it with `codex mcp list`."),
        ClientConfig("opencode", "opencode", _opencode, "mcp", JSONC, OPENCODE, "See it with `opencode mcp list`."),
        ClientConfig(
            "gemini-cli",
            "Gemini CLI",
            _gemini,
            format=JSONC,
            then="See it with `gemini mcp list` in a folder that Gemini trusts.",
        ),
        ClientConfig("windsurf", "Windsurf", _windsurf, format=JSONC, then="Refresh the list in Cascade, under MCP."),
        ClientConfig("zed", "Zed", _zed, "context_servers", JSONC, then="It appears in the Agent Panel's settings."),
        ClientConfig("goose", "Goose", _goose, "extensions", YAML, GOOSE, "Start a new session to load it."),
    )
}
