"""Parse the command line: commands, their options, and the flags that set a setting."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any, NoReturn

from meta_ads_mcp import __version__
from meta_ads_mcp.cli.output import complain, write_block
from meta_ads_mcp.core.values.text import redact
from meta_ads_mcp.settings import Settings

PROGRAM = "meta-ads-mcp"
MAX_PORT = 65535


class ExitCode(IntEnum):
    """The exit codes of every command."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NEEDS_CONFIRMATION = 3
    THROTTLED = 4
    INTERRUPTED = 130


# The kinds of errors with an exit code of their own.
_KIND_EXIT_CODES = {
    "confirmation_required": ExitCode.NEEDS_CONFIRMATION,
    "throttled": ExitCode.THROTTLED,
    "circuit_open": ExitCode.THROTTLED,
    "blocked": ExitCode.THROTTLED,
}


def exit_code_of(kind: str) -> ExitCode:
    """Return the exit code for an error of this kind."""
    return _KIND_EXIT_CODES.get(kind, ExitCode.FAILED)


DESCRIPTION = (
    "A local MCP server for Meta Ads. Without a command it serves MCP on stdio, which is what a client starts."
)
EPILOG = """\
examples:
  meta-ads-mcp demo                          see what it does, on demo data
  meta-ads-mcp login                         store your token in the system's keyring
  meta-ads-mcp install claude-desktop        add the server to a client
  meta-ads-mcp doctor                        check the set-up, with a fix for every problem

meta-ads-mcp COMMAND --help shows the options of a command.
exit codes: 0 done, 1 a tool or check failed, 2 wrong usage or setting, 3 needs confirmation, 4 throttled"""


@dataclass(frozen=True)
class Flag:
    """An option that sets the setting of the same name. Without a `metavar` it is a switch."""

    setting: str
    help: str
    metavar: str | None = None
    # The value when the option is given without one; without it a value is required.
    bare_value: str | None = None

    @property
    def option(self) -> str:
        return f"--{self.setting.replace('_', '-')}"

    def add_to(self, parser: argparse.ArgumentParser, *, has_help: bool) -> None:
        text = self.help if has_help else argparse.SUPPRESS
        if self.metavar is None:
            parser.add_argument(self.option, action="store_true", default=None, help=text)
        elif self.bare_value is None:
            parser.add_argument(self.option, metavar=self.metavar, help=text)
        else:
            parser.add_argument(self.option, nargs="?", const=self.bare_value, metavar=self.metavar, help=text)

    def command_line(self, value: Any) -> list[str]:
        """Return the words that give the option this value."""
        if self.metavar is None or value == self.bare_value:
            return [self.option]
        return [f"{self.option}={value}"] if self.bare_value else [self.option, str(value)]


# Every option that sets a setting. The parser, the settings and the command line that `install` writes come from here.
FLAGS = (
    Flag("demo", "use the built-in demo data: no token, no network"),
    Flag("allow_writes", "allow the write tools, or only those named", "A,B", bare_value="true"),
    Flag("toolsets", "toolsets to list: default, all, or names", "A,B"),
    Flag("profile", "stored profile to use", "NAME"),
    Flag("accounts", "the only ad accounts that this server may touch", "act_1,act_2"),
)
ALL_FLAGS = tuple(flag.setting for flag in FLAGS)


@dataclass(frozen=True)
class Command:
    """A command: what runs it, its own options, and which of the flags its help shows. All flags are accepted."""

    summary: str
    run: Callable[[Settings, argparse.Namespace], int]
    add_options: Callable[[argparse.ArgumentParser], None] = lambda _: None
    flags: Sequence[str] = ()
    examples: Sequence[str] = field(default=())


class Parser(argparse.ArgumentParser):
    """Never repeat a token that was pasted in the wrong place, and print whatever the encoding of the output is."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(ExitCode.USAGE, f"{self.prog}: error: {redact(message)}\n")

    def _print_message(self, message: str, file: Any = None) -> None:
        if message:
            write_block(file or sys.stderr, message.removesuffix("\n"))


def parse(arguments: Sequence[str], commands: Mapping[str, Command]) -> argparse.Namespace:
    """Return the command's options and its `run`. Options may stand before, between and behind the other words.

    Ends the process with exit code 2 for wrong usage, as argparse does.
    """
    name, rest = _split_command([*arguments], commands)
    if name in ("-h", "--help", "--version"):
        _overview(commands).parse_args([name])
    command = commands[name]
    options = _command_parser(name, command).parse_intermixed_args(rest)
    options.command, options.run = name, command.run
    return options


def flag_values(options: argparse.Namespace) -> dict[str, Any]:
    """Return setting → value for every flag; None for one that was not given."""
    return {flag.setting: getattr(options, flag.setting) for flag in FLAGS}


def repeat_flags(options: argparse.Namespace) -> tuple[str, ...]:
    """Return the words that repeat the given flags on another command line. None of them can hold a token."""
    words = [word for flag in FLAGS if (value := getattr(options, flag.setting)) for word in flag.command_line(value)]
    return (*words, "--env-file", str(options.env_file.absolute())) if options.env_file else tuple(words)


def _split_command(arguments: list[str], commands: Mapping[str, Command]) -> tuple[str, list[str]]:
    """Find the command, which is `serve` when none is given, so that a client's configuration needs none."""
    words = _separate_allow_writes(arguments, commands)
    if words and words[0] in ("-h", "--help", "--version"):
        return words[0], []
    _, unknown = _flag_parser().parse_known_args(words)
    first = next((word for word in unknown if not word.startswith("-")), None)
    if not unknown or unknown[0].startswith("-") or first is None:
        return "serve", words
    if first not in commands:
        _reject_command(first, commands)
    index = words.index(first)
    return first, words[:index] + words[index + 1 :]


def _separate_allow_writes(arguments: list[str], commands: Mapping[str, Command]) -> list[str]:
    """Give `--allow-writes` its value with "=": the word behind it may be a command, or belong to one.

    Only `serve`, which takes no words of its own, lets a list follow after a blank.
    """
    has_words = any(word in commands and word != "serve" for word in arguments)
    words: list[str] = []
    for word, following in zip(arguments, [*arguments[1:], ""], strict=False):
        takes_value = not has_words and following and not following.startswith("-") and following not in commands
        words.append("--allow-writes=true" if word == "--allow-writes" and not takes_value else word)
    return words


def _reject_command(word: str, commands: Mapping[str, Command]) -> NoReturn:
    import difflib  # noqa: PLC0415  only a mistake needs it

    close = difflib.get_close_matches(word, commands, 1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    text = redact(f"unknown command {word[:60]!r}")
    complain(f"{PROGRAM}: {text}{hint}; commands are {', '.join(commands)}")
    raise SystemExit(ExitCode.USAGE)


def _overview(commands: Mapping[str, Command]) -> Parser:
    """Return the parser that answers --help and --version."""
    parser = Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} [COMMAND] [options]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"meta-ads-local-mcp {__version__}")
    actions = parser.add_subparsers(title="commands", metavar="COMMAND", prog=PROGRAM)
    for name, command in commands.items():
        actions.add_parser(name, help=command.summary)
    return parser


def _command_parser(name: str, command: Command) -> Parser:
    examples = "\n".join(["examples:", *(f"  {PROGRAM} {line}" for line in command.examples)])
    parser = Parser(
        prog=f"{PROGRAM} {name}",
        description=f"{command.summary[0].upper()}{command.summary[1:]}.",
        epilog=examples if command.examples else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        parents=[_flag_parser(command.flags)],
    )
    command.add_options(parser)
    return parser


def _flag_parser(settings: Sequence[str] = ALL_FLAGS) -> Parser:
    parser = Parser(add_help=False, allow_abbrev=False)
    for flag in FLAGS:
        flag.add_to(parser, has_help=flag.setting in settings)
    parser.add_argument("--env-file", type=Path, metavar="PATH", help="read settings from this file, too")
    return parser


def profile_name(value: str) -> str:
    """Argparse type for a profile's name. Invalid input is not echoed, because it may be a token."""
    if not re.fullmatch("[a-zA-Z0-9_-]{1,64}", value) or redact(value) != value:
        raise argparse.ArgumentTypeError(
            "a profile name has letters, digits, _ and -, at most 64; a token is never an argument: pipe it in"
        )
    return value


def port_number(value: str) -> int:
    """Argparse type for a TCP port; 0 stands for a free one."""
    if not re.fullmatch("[0-9]{1,5}", value) or int(value) > MAX_PORT:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {MAX_PORT}")
    return int(value)


def digits(value: str) -> str:
    """Argparse type for an id of Meta."""
    if not re.fullmatch("[0-9]{1,30}", value):
        raise argparse.ArgumentTypeError("a business id has digits only")
    return value
