"""The commands, and the composition root: settings → transport → client → engine → server."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from meta_ads_mcp import __version__
from meta_ads_mcp.settings import Settings, SettingsError, load

USAGE_ERROR = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; without one, serve MCP on stdio. Exit codes: 0 well, 1 failed, 2 wrong usage or settings."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = _parser()
    options = parser.parse_args(_with_default_command(arguments))
    try:
        settings = load(os.environ, options.env_file, **_flags(options))
        result: int = options.run(settings, options)
    except SettingsError as wrong:
        print(f"meta-ads-mcp: {wrong}", file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        return 130
    return result


def _with_default_command(arguments: list[str]) -> list[str]:
    """No subcommand means `serve`, so that a client's configuration needs none."""
    if arguments and (arguments[0] in COMMANDS or arguments[0] in ("-h", "--help", "--version")):
        return arguments
    return ["serve", *arguments]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="meta-ads-mcp", description="A local MCP server for Meta Ads.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"meta-ads-local-mcp {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    common = _common_options()
    for name, (run, text, more) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text, parents=[common], allow_abbrev=False)
        command.set_defaults(run=run)
        more(command)
    return parser


def _common_options() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    common.add_argument("--env-file", type=Path, metavar="PATH", help="read settings from this file, too")
    common.add_argument(
        "--demo", action="store_true", default=None, help="serve from the embedded sandbox: no token, no network"
    )
    common.add_argument(
        "--allow-writes", nargs="?", const="true", metavar="A,B", help="register the write tools, or only these"
    )
    common.add_argument("--toolsets", metavar="A,B", help="toolsets to list; default, all, or names")
    common.add_argument("--profile", metavar="NAME", help="stored profile to use")
    common.add_argument("--accounts", metavar="act_1,act_2", help="ad accounts this server may touch")
    return common


def _flags(options: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(options, name) for name in ("demo", "allow_writes", "toolsets", "profile", "accounts")}


def run_serve(settings: Settings, options: argparse.Namespace) -> int:
    # Importing allocates much and frees little: collecting meanwhile costs a tenth of the start.
    gc.disable()
    from meta_ads_mcp import server  # noqa: PLC0415

    made = server.AdsServer(*compose(settings))
    gc.enable()
    gc.freeze()
    server.serve(made)
    return 0


def compose(settings: Settings) -> tuple[Any, Any]:
    """The catalogue and the engine for these settings."""
    from meta_ads_mcp.catalogue import Catalogue, UnknownNames, collect  # noqa: PLC0415
    from meta_ads_mcp.engine.log import JsonLines  # noqa: PLC0415
    from meta_ads_mcp.engine.run import Engine, Options  # noqa: PLC0415
    from meta_ads_mcp.graph.limits.governor import Governor  # noqa: PLC0415
    from meta_ads_mcp.spec.clock import SystemClock  # noqa: PLC0415

    events, clock = JsonLines(settings.log_level), SystemClock()
    try:
        catalogue = Catalogue(
            collect(), listed=settings.toolsets, allow_writes=settings.allow_writes, exclude=settings.exclude_tools
        )
    except UnknownNames as unknown:
        raise SettingsError(str(unknown)) from None
    governor = Governor(clock=clock, events=events, state_dir=None if settings.demo else settings.state_dir)
    client = LazyClient(settings, governor, events, clock)
    options = Options(settings.accounts, settings.business_id, settings.result_chars, settings.demo)
    return catalogue, Engine(catalogue, client, events, clock, governor, options)


class LazyClient:
    """Builds the Graph client at the first call: a start does not wait for httpx, nor for the sandbox."""

    def __init__(self, settings: Settings, governor: Any, events: Any, clock: Any) -> None:
        self._parts = (settings, governor, events, clock)
        self._client: Any = None

    def _made(self) -> Any:
        if self._client is None:
            self._client = _graph_client(*self._parts)
        return self._client

    async def send(self, request: Any) -> Any:
        return await self._made().send(request)

    async def batch(self, requests: Any) -> Any:
        return await self._made().batch(requests)

    def version_notice(self) -> str | None:
        notice: str | None = self._client.version_notice() if self._client else None
        return notice


def _graph_client(settings: Settings, governor: Any, events: Any, clock: Any) -> Any:
    from meta_ads_mcp.credentials import EnvironmentTokens, FixedToken, Tokens  # noqa: PLC0415
    from meta_ads_mcp.graph.client import Connection, GraphClient  # noqa: PLC0415

    secret = settings.app_secret.get_secret_value() if settings.app_secret else None
    connection = Connection(
        settings.graph_url,
        settings.video_url,
        settings.api_version,
        settings.timeout,
        secret,
        f"meta-ads-local-mcp/{__version__}",
    )
    if settings.demo:
        from meta_ads_mcp.sandbox import DEMO_TOKEN, SandboxTransport  # noqa: PLC0415

        return GraphClient(
            tokens=FixedToken(DEMO_TOKEN),
            governor=governor,
            events=events,
            clock=clock,
            connection=connection,
            transport=SandboxTransport(),
        )
    access = settings.access_token.get_secret_value() if settings.access_token else None
    named = {name: value.get_secret_value() for name, value in settings.tokens.items()}
    tokens: Tokens = EnvironmentTokens(access, named, settings.profile)
    return GraphClient(tokens=tokens, governor=governor, events=events, clock=clock, connection=connection)


def run_tools(settings: Settings, options: argparse.Namespace) -> int:
    catalogue, _ = compose(settings)
    rows = [
        {
            "name": t.name,
            "kind": t.effect.value,
            "toolset": t.toolset,
            "listed": t in catalogue.listed,
            "description": t.description,
        }
        for t in catalogue
        if options.toolset in (None, t.toolset)
    ]
    if options.json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return 0
    for row in rows:
        print(
            f"{row['name']:44} {row['kind']:7} {row['toolset']:12} {'' if row['listed'] else '(not listed)'}".rstrip()
        )
    return 0


def run_call(settings: Settings, options: argparse.Namespace) -> int:
    """One tool from the shell, through the same engine as over MCP."""
    arguments = _call_arguments(options)
    _, engine = compose(settings)
    answer = asyncio.run(engine.call(options.tool, arguments))
    print(json.dumps(answer.structured, ensure_ascii=False, indent=2))
    if answer.is_error:
        print(answer.text, file=sys.stderr)
    return 1 if answer.is_error else 0


def _call_arguments(options: argparse.Namespace) -> dict[str, Any]:
    try:
        arguments = json.loads(options.json) if options.json else {}
    except ValueError:
        raise SettingsError("--json takes a JSON object of arguments") from None
    if not isinstance(arguments, dict):
        raise SettingsError("--json takes a JSON object of arguments")
    for pair in options.arguments:
        key, equals, value = pair.partition("=")
        if not equals:
            raise SettingsError(f"arguments are key=value, not {pair!r}")
        arguments[key] = value
    return arguments


def run_demo(settings: Settings, options: argparse.Namespace) -> int:
    from meta_ads_mcp.demo import run  # noqa: PLC0415

    return run()


def _tools_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--toolset", metavar="T", help="only the tools of this toolset")
    command.add_argument("--json", action="store_true", help="as JSON")


def _call_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("tool", metavar="TOOL")
    command.add_argument("arguments", nargs="*", metavar="key=value")
    command.add_argument("--json", metavar="{…}", help="arguments as a JSON object")


def _no_options(command: argparse.ArgumentParser) -> None:
    """A command without options of its own."""


COMMANDS = {
    "serve": (run_serve, "serve MCP on stdio (what a client starts)", _no_options),
    "tools": (run_tools, "list the tools with kind and toolset", _tools_options),
    "call": (run_call, "run one tool from the shell", _call_options),
    "demo": (run_demo, "a short session with the embedded sandbox, to read", _no_options),
}
