"""The commands: one row each, and the functions that hand over to the module that does the work."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from meta_ads_mcp.app import App, Lazy
from meta_ads_mcp.cli.output import complain, is_terminal, say, say_block, say_json, say_unredacted
from meta_ads_mcp.cli.parser import ALL_FLAGS, Command, digits, port_number, profile_name, repeat_flags
from meta_ads_mcp.settings import Settings, SettingsError

# Long enough for a person at a terminal to unlock the keyring.
KEYRING_SECONDS = 120.0
CLIENT_NAMES = (
    "claude-desktop",
    "claude-code",
    "cursor",
    "cline",
    "vscode",
    "codex",
    "opencode",
    "gemini-cli",
    "windsurf",
    "zed",
    "goose",
)
# Other names of clients that people type.
CLIENT_ALIASES = {"gemini": "gemini-cli", "claude": "claude-code"}
FORMATS = ("table", "json", "csv")
SHELLS = ("bash", "zsh", "fish")
# For a person who starts the server in a terminal. It goes to standard error; the server then waits, as for a client.
WELCOME = """\
This is an MCP server for Meta ads. An AI client starts it and talks to it; nothing happens here.

  meta-ads-mcp demo              see what it does, on demo data: no token, no network
  meta-ads-mcp login             store your token (the command says how to get one)
  meta-ads-mcp install CLIENT    add the server to Claude, Cursor, VS Code, Codex, ...
  meta-ads-mcp doctor            check the set-up, with a fix for every problem

Waiting for a client on standard input. Ctrl+C ends this."""


class CommandFailed(Exception):
    """A command could not do its work. The text says why in one or two sentences."""


def run_serve(settings: Settings, options: argparse.Namespace) -> int:
    """Serve MCP on stdio until standard input ends."""
    if is_terminal(sys.stdin):
        for line in WELCOME.splitlines():
            complain(line)
    # Importing allocates much and frees little: collecting garbage meanwhile would cost a tenth of the start.
    gc.disable()
    from meta_ads_mcp.engine.telemetry import JsonLogger, install_logging  # noqa: PLC0415
    from meta_ads_mcp.server import server  # noqa: PLC0415

    install_logging(JsonLogger(settings.log_level))
    app = App(settings)
    ads_server = server.AdsServer(app.catalogue, Lazy(lambda: app.engine))
    gc.enable()
    gc.freeze()
    server.serve(ads_server)
    return 0


def run_tools(settings: Settings, options: argparse.Namespace) -> int:
    """List the tools of this server."""
    from meta_ads_mcp.server.catalogue import TOOLSETS  # noqa: PLC0415

    catalogue = App(settings).catalogue
    if options.toolset not in (None, *TOOLSETS):
        raise SettingsError(f"--toolset: {options.toolset} does not exist; known are {', '.join(sorted(TOOLSETS))}")
    tools = [tool for tool in catalogue if options.toolset in (None, tool.toolset)]
    if options.json:
        say_json(
            [
                {
                    "name": tool.name,
                    "kind": tool.effect.value,
                    "toolset": tool.toolset,
                    "listed": tool in catalogue.listed,
                    "description": tool.description,
                }
                for tool in tools
            ]
        )
        return 0
    for tool in tools:
        mark = "" if tool in catalogue.listed else "(not listed)"
        say(f"{tool.name:44} {tool.effect.value:7} {tool.toolset:12} {mark}".rstrip())
    if not catalogue.has_writes:
        complain("Write tools are off. Add --allow-writes to see and use them.")
    return 0


def run_call(settings: Settings, options: argparse.Namespace) -> int:
    from meta_ads_mcp.cli import call  # noqa: PLC0415

    return call.run(settings, options)


def run_sync(settings: Settings, options: argparse.Namespace) -> int:
    from meta_ads_mcp.cli import sync_command  # noqa: PLC0415

    return sync_command.run(settings, options)


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
        raise CommandFailed(text) from None
    return http_server.serve_until_stopped(server, say_unredacted)


def run_login(settings: Settings, options: argparse.Namespace) -> int:
    from meta_ads_mcp.cli import login  # noqa: PLC0415

    if options.guide or (is_terminal(sys.stdin) and not options.token_stdin):
        from meta_ads_mcp.cli.token_guide import guide_lines  # noqa: PLC0415

        for line in guide_lines():
            say(line)
    if options.guide:
        return 0
    value = login.read_token(sys.stdin, piped=options.token_stdin)
    app = _app_for_person(settings)
    return asyncio.run(
        login.login(
            app.profiles,
            app.client.for_token,
            value,
            options.name,
            options.business or settings.business_id,
            exchange=options.exchange,
            say=say,
            place="file" if options.file else "keyring",
        )
    )


def run_logout(settings: Settings, options: argparse.Namespace) -> int:
    from meta_ads_mcp.cli import login  # noqa: PLC0415

    return asyncio.run(login.logout(_app_for_person(settings).profiles, options.name, say))


def run_tokens(settings: Settings, options: argparse.Namespace) -> int:
    from meta_ads_mcp.cli import login  # noqa: PLC0415

    return login.tokens(_app_for_person(settings).profiles, options.action, options.name, say)


def run_doctor(settings: Settings, options: argparse.Namespace) -> int:
    from meta_ads_mcp.cli import doctor  # noqa: PLC0415

    app = _app_for_person(settings)
    context = doctor.DoctorContext(
        settings=settings,
        profiles=app.profiles,
        client=app.client,
        start=lambda: App(settings).catalogue,
        env_file=options.env_file,
    )
    return doctor.run(context, as_json=options.json)


def run_install(settings: Settings, options: argparse.Namespace) -> int:
    from meta_ads_mcp.cli.install import install as clients  # noqa: PLC0415

    entry = clients.server_entry(repeat_flags(options), os.environ)
    if options.client == "print":
        say_block(clients.print_entry(entry))
        return 0
    try:
        clients.install(options.client, entry, clients.Machine.this(), say)
    except clients.Problem as problem:
        raise CommandFailed(str(problem)) from None
    for remark in clients.remarks(options.client, clients.Machine.this(), settings, options.env_file):
        say(remark)
    return 0


def run_uninstall(settings: Settings, options: argparse.Namespace) -> int:
    from meta_ads_mcp.cli.install import install as clients  # noqa: PLC0415

    try:
        return clients.uninstall(options.client, clients.Machine.this(), say)
    except clients.Problem as problem:
        raise CommandFailed(str(problem)) from None


def run_completion(settings: Settings, options: argparse.Namespace) -> int:
    from meta_ads_mcp.cli.completion import script  # noqa: PLC0415
    from meta_ads_mcp.server.catalogue import catalog_entries  # noqa: PLC0415

    say_block(script(options.shell, tuple(COMMANDS), [tool.name for tool in catalog_entries()]))
    return 0


def _app_for_person(settings: Settings) -> App:
    """Return the parts for a command whose own lines say what is wrong, with time to unlock the keyring."""
    level = settings.log_level if settings.log_level == "DEBUG" else "FATAL"
    return App(settings.model_copy(update={"log_level": level, "policy": None}), KEYRING_SECONDS)


def _tools_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--toolset", metavar="T", help="only the tools of this toolset")
    _json_option(parser)


def _call_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tool", metavar="TOOL", nargs="?", help="name of the tool; `meta-ads-mcp tools` lists them")
    parser.add_argument("arguments", nargs="*", metavar="key=value", help="arguments; a list as a,b or as JSON")
    parser.add_argument("--json", metavar="OBJECT", help="arguments as a JSON object")
    parser.add_argument("--format", choices=FORMATS, help="of the answer: table at a terminal, else json")
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="save the pictures of the answer in this folder")
    parser.set_defaults(usage_error=parser.error)


def _sync_options(parser: argparse.ArgumentParser) -> None:
    from meta_ads_mcp.cli import sync_command  # noqa: PLC0415

    sync_command.add_options(parser)


def _sandbox_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=port_number, default=0, metavar="N", help="port on 127.0.0.1; 0 for a free one")
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="another seed makes another demo business")


def _login_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name", nargs="?", default="default", type=profile_name, metavar="NAME", help="name of the profile"
    )
    parser.add_argument("--token-stdin", action="store_true", help="read the token from standard input")
    parser.add_argument("--business", type=digits, metavar="ID", help="business to which discovery is limited")
    parser.add_argument("--exchange", action="store_true", help="swap a short-lived user token for one of 60 days")
    parser.add_argument(
        "--file",
        action="store_true",
        help="keep the token in a file that other users cannot read, not encrypted, instead of the keyring",
    )
    parser.add_argument("--guide", action="store_true", help="print how to get a token, and end")


def _name_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", type=profile_name, metavar="NAME", help="name of the profile")


def _tokens_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=["use"], help="make a stored profile the active one")
    _name_option(parser)


def _json_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def _client_option(others: Sequence[str]) -> Callable[[argparse.ArgumentParser], None]:
    def add(parser: argparse.ArgumentParser) -> None:
        names = [*CLIENT_NAMES, *others]
        parser.add_argument(
            "client",
            type=lambda name: CLIENT_ALIASES.get(name, name),
            choices=names,
            metavar="CLIENT",
            help=f"one of {', '.join(names)}",
        )

    return add


def _completion_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=f"one of {', '.join(SHELLS)}")


COMMANDS = {
    "serve": Command(
        "serve MCP on stdio (a client starts this)", run_serve, flags=ALL_FLAGS, examples=("serve --demo",)
    ),
    "login": Command(
        "check a token and store it in the system's keyring",
        run_login,
        _login_options,
        examples=(
            "login",
            "login --guide",
            "login acme --business 1234567890",
            "login --token-stdin < token.txt",
            "login --file    (a machine without a keyring, such as WSL, ssh or Docker)",
        ),
    ),
    "logout": Command("remove a stored profile", run_logout, _name_option, examples=("logout acme",)),
    "tokens": Command(
        "list the stored profiles, or switch to another one",
        run_tokens,
        _tokens_options,
        examples=("tokens", "tokens use acme"),
    ),
    "doctor": Command(
        "check everything that a server needs, with a fix per problem",
        run_doctor,
        _json_option,
        flags=ALL_FLAGS,
        examples=("doctor", "doctor --allow-writes --env-file meta.env"),
    ),
    "install": Command(
        "add this server to a client, or print its configuration",
        run_install,
        _client_option(("print",)),
        flags=ALL_FLAGS,
        examples=("install claude-desktop", "install cursor --allow-writes --accounts act_123", "install print"),
    ),
    "uninstall": Command(
        "remove this server from a client",
        run_uninstall,
        _client_option(()),
        examples=("uninstall claude-desktop",),
    ),
    "tools": Command(
        "list the tools with kind and toolset",
        run_tools,
        _tools_options,
        flags=("allow_writes", "toolsets"),
        examples=("tools", "tools --toolset insights", "tools --allow-writes --json"),
    ),
    "call": Command(
        "run one tool from the shell",
        run_call,
        _call_options,
        flags=ALL_FLAGS,
        examples=(
            "call --demo ads_get_ad_accounts",
            "call ads_get_insights object_id=act_123 breakdowns=age,gender --format csv",
            'call ads_get_campaigns --json \'{"account_id": "act_123", "limit": 5}\'',
        ),
    ),
    "sync": Command(
        "bring the local store of figures up to date, within Meta's limits",
        run_sync,
        _sync_options,
        flags=("demo", "profile", "accounts"),
        examples=("sync --accounts act_123 --since 2025-01-01", "sync --all-accounts --plan", "sync"),
    ),
    "demo": Command("show a short session on demo data", run_demo, examples=("demo",)),
    "sandbox": Command(
        "serve the embedded Graph over HTTP on 127.0.0.1, for other programs",
        run_sandbox,
        _sandbox_options,
        examples=("sandbox", "sandbox --port 8080 --seed 3"),
    ),
    "completion": Command(
        "print a script that completes commands, options and tools in a shell",
        run_completion,
        _completion_options,
        examples=("completion bash > ~/.bash_completion.d/meta-ads-mcp", "completion fish | source"),
    ),
}
