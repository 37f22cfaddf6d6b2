"""The commands: what they take, and where their work is done."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from meta_ads_mcp import __version__
from meta_ads_mcp.app import Connections, compose, connect
from meta_ads_mcp.core.values.text import redact
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.settings import Settings, SettingsError, load

USAGE_ERROR = 2
MAX_PORT = 65535
# At a terminal somebody is there to unlock the keyring.
PERSON_PATIENCE = 120.0


class Failed(Exception):
    """A command could not do its work; one or two sentences."""


class Parser(argparse.ArgumentParser):
    """Argparse repeats what it does not understand; a token pasted in the wrong place must not come back."""

    def error(self, message: str) -> NoReturn:
        super().error(redact(message))


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; without one, serve MCP on stdio. Exit codes: 0 well, 1 failed, 2 wrong usage or settings."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    options = _options(arguments)
    _leave_no_core()
    try:
        settings = load(os.environ, options.env_file, **_flags(options))
        result: int = options.run(settings, options)
    except SettingsError as wrong:
        print(f"meta-ads-mcp: {redact(str(wrong))}", file=sys.stderr)
        return USAGE_ERROR
    except (AdsError, Failed) as problem:
        print(f"meta-ads-mcp: {redact(str(problem))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return result


def _leave_no_core() -> None:
    """A crash must not write the memory of this process, with its token, to a file. Windows has no such files."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415  Windows has no such module

    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _options(arguments: list[str]) -> argparse.Namespace:
    """The command and its options, which may stand in any order, also between or after its words."""
    parser, commands = _parser()
    first, *rest = _command_first(arguments)
    if first not in commands:
        parser.parse_args([first])
    if first != "serve":
        # What follows after a blank is the command's own word: `call --allow-writes TOOL`.
        rest = ["--allow-writes=true" if word == "--allow-writes" else word for word in rest]
    return commands[first].parse_intermixed_args(rest)


def _command_first(arguments: list[str]) -> list[str]:
    """No subcommand means `serve`, so that a client's configuration needs none; common options may stand before it."""
    if arguments and (arguments[0] in COMMANDS or arguments[0] in ("-h", "--help", "--version")):
        return arguments
    _, left = _common_options().parse_known_args(arguments)
    if left and left[0] in COMMANDS:
        at = arguments.index(left[0])
        return [left[0], *arguments[:at], *arguments[at + 1 :]]
    return ["serve", *arguments]


def _parser() -> tuple[Parser, dict[str, Parser]]:
    """The parser of the whole, which knows help and version, and that of each command."""
    parser = Parser(prog="meta-ads-mcp", description="A local MCP server for Meta Ads.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"meta-ads-local-mcp {__version__}")
    made = parser.add_subparsers(dest="command", required=True)
    common = _common_options()
    commands = {}
    for name, (run, text, more) in COMMANDS.items():
        command = made.add_parser(name, help=text, description=text, parents=[common], allow_abbrev=False)
        command.set_defaults(run=run)
        more(command)
        commands[name] = command
    return parser, commands


def _common_options() -> Parser:
    common = Parser(add_help=False, allow_abbrev=False)
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
    from meta_ads_mcp.engine.telemetry import JsonLogger, install_logging  # noqa: PLC0415
    from meta_ads_mcp.server import server  # noqa: PLC0415

    install_logging(JsonLogger(settings.log_level))
    made = server.AdsServer(*compose(settings))
    gc.enable()
    gc.freeze()
    server.serve(made)
    return 0


def run_tools(settings: Settings, options: argparse.Namespace) -> int:
    catalogue, _ = compose(settings)
    known = sorted({t.toolset for t in catalogue})
    if options.toolset not in (None, *known):
        raise SettingsError(f"--toolset: {options.toolset} does not exist; known are {', '.join(known)}")
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
    from meta_ads_mcp.cli.demo import run  # noqa: PLC0415

    return run()


def run_sandbox(settings: Settings, options: argparse.Namespace) -> int:
    """Serve the embedded Graph to other programs until standard input ends or the process is stopped."""
    from meta_ads_mcp.sandbox import http_server  # noqa: PLC0415

    try:
        server = http_server.SandboxServer(port=options.port, seed=options.seed)
    except OSError as problem:
        text = f"Port {options.port} cannot be used: {problem.strerror}. Choose another one with --port."
        raise Failed(text) from None
    return http_server.serve_until_stopped(server, partial(print, flush=True))


def run_login(settings: Settings, options: argparse.Namespace) -> int:
    from meta_ads_mcp.cli import login  # noqa: PLC0415

    value = login.read_token(sys.stdin, piped=options.token_stdin)
    parts = _for_person(settings)
    return asyncio.run(
        login.login(
            parts.profiles,
            parts.client.for_token,
            value,
            options.name,
            options.business or settings.business_id,
            exchange=options.exchange,
            say=print,
        )
    )


def run_logout(settings: Settings, options: argparse.Namespace) -> int:
    from meta_ads_mcp.cli import login  # noqa: PLC0415

    return asyncio.run(login.logout(_for_person(settings).profiles, options.name, print))


def run_tokens(settings: Settings, options: argparse.Namespace) -> int:
    from meta_ads_mcp.cli import login  # noqa: PLC0415

    return login.tokens(_for_person(settings).profiles, options.action, options.name, print)


def run_doctor(settings: Settings, options: argparse.Namespace) -> int:
    from meta_ads_mcp.cli import doctor  # noqa: PLC0415

    parts = _for_person(settings)
    return doctor.run(doctor.DoctorContext(settings, parts.profiles, parts.client), as_json=options.json, say=print)


def run_install(settings: Settings, options: argparse.Namespace) -> int:
    from meta_ads_mcp.cli.install import install as clients  # noqa: PLC0415

    entry = clients.server_entry(_kept_flags(options), os.environ)
    if options.client == "print":
        print(clients.print_entry(entry))
        return 0
    try:
        clients.install(options.client, entry, clients.Machine.this(), print)
    except clients.Problem as problem:
        raise Failed(str(problem)) from None
    if not settings.demo and not settings.profile and not clients.has_profile(settings.state_dir):
        print("No profile is stored yet: run `meta-ads-mcp login`, or the server has no token.")
    return 0


def run_uninstall(settings: Settings, options: argparse.Namespace) -> int:
    from meta_ads_mcp.cli.install import install as clients  # noqa: PLC0415

    try:
        return clients.uninstall(options.client, clients.Machine.this(), print)
    except clients.Problem as problem:
        raise Failed(str(problem)) from None


def _for_person(settings: Settings) -> Connections:
    """The parts for a command at a terminal, whose own lines say what is wrong, with time to unlock the keyring."""
    level = settings.log_level if settings.log_level == "DEBUG" else "FATAL"
    return connect(settings.model_copy(update={"log_level": level}), PERSON_PATIENCE)


def _kept_flags(options: argparse.Namespace) -> tuple[str, ...]:
    """The options that the client's command line repeats. None of them can hold a token."""
    flags = ["--demo"] if options.demo else []
    if options.allow_writes:
        flags.append("--allow-writes" if options.allow_writes == "true" else f"--allow-writes={options.allow_writes}")
    for name in ("toolsets", "profile", "accounts"):
        if getattr(options, name):
            flags += [f"--{name}", getattr(options, name)]
    return (*flags, "--env-file", str(options.env_file.absolute())) if options.env_file else tuple(flags)


def _tools_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--toolset", metavar="T", help="only the tools of this toolset")
    command.add_argument("--json", action="store_true", help="as JSON")


def _call_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("tool", metavar="TOOL")
    command.add_argument("arguments", nargs="*", metavar="key=value")
    command.add_argument("--json", metavar="{…}", help="arguments as a JSON object")


def _sandbox_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--port", type=_port, default=0, metavar="N", help="port on 127.0.0.1; a free one without it")
    command.add_argument("--seed", type=int, default=7, metavar="N", help="another seed makes another demo business")


def _login_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", nargs="?", default="default", type=_name, metavar="NAME", help="name of the profile")
    command.add_argument("--token-stdin", action="store_true", help="read the token from standard input")
    command.add_argument("--business", type=_digits, metavar="ID", help="business to which discovery is limited")
    command.add_argument("--exchange", action="store_true", help="swap a short-lived user token for one of 60 days")


def _name_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", nargs="?", type=_name, metavar="NAME", help="name of the profile")


def _tokens_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("action", nargs="?", choices=["use"], help="make a stored profile the active one")
    _name_option(command)


def _json_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="as JSON")


def _client_option(more: Sequence[str]) -> Callable[[argparse.ArgumentParser], None]:
    def add(command: argparse.ArgumentParser) -> None:
        command.add_argument("client", choices=[*CLIENT_NAMES, *more])

    return add


def _no_options(command: argparse.ArgumentParser) -> None:
    """A command without options of its own."""


def _name(value: str) -> str:
    """A profile's name; what is none is not repeated, because it may be a token."""
    if not re.fullmatch("[a-zA-Z0-9_-]{1,64}", value) or redact(value) != value:
        raise argparse.ArgumentTypeError(
            "a profile's name has letters, digits, _ and - only, at most 64; a token is piped in"
        )
    return value


def _port(value: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", value) or int(value) > MAX_PORT:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {MAX_PORT}")
    return int(value)


def _digits(value: str) -> str:
    if not re.fullmatch("[0-9]{1,30}", value):
        raise argparse.ArgumentTypeError("a business id has digits only")
    return value


CLIENT_NAMES = ("claude-desktop", "claude-code", "cursor", "cline", "vscode")

COMMANDS = {
    "serve": (run_serve, "serve MCP on stdio (what a client starts)", _no_options),
    "login": (run_login, "check a token and store it in the OS keyring", _login_options),
    "logout": (run_logout, "remove a profile from the OS keyring", _name_option),
    "tokens": (run_tokens, "list the profiles, or switch: tokens use NAME", _tokens_options),
    "doctor": (run_doctor, "check everything a server needs, with a fix per line", _json_option),
    "install": (run_install, "add this server to a client, or print the configuration", _client_option(("print",))),
    "uninstall": (run_uninstall, "take this server out of a client", _client_option(())),
    "tools": (run_tools, "list the tools with kind and toolset", _tools_options),
    "call": (run_call, "run one tool from the shell", _call_options),
    "demo": (run_demo, "a short session with the embedded sandbox, to read", _no_options),
    "sandbox": (run_sandbox, "serve the embedded Graph over HTTP on 127.0.0.1, for other programs", _sandbox_options),
}
