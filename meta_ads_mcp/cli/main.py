"""The entry point of the commands: read the command line and the settings, run the command, return its exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from meta_ads_mcp.cli.commands import COMMANDS, CommandFailed
from meta_ads_mcp.cli.output import complain
from meta_ads_mcp.cli.parser import PROGRAM, ExitCode, exit_code_of, flag_values, parse
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.settings import SettingsError, load


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; without one, serve MCP on stdio.

    Returns 0 done, 1 a tool or check failed, 2 wrong usage or setting, 3 needs confirmation, 4 throttled.
    """
    options = parse(sys.argv[1:] if argv is None else argv, COMMANDS)
    _disable_core_dumps()
    try:
        settings = load(os.environ, options.env_file, **flag_values(options))
        result: int = options.run(settings, options)
    except SettingsError as problem:
        complain(f"{PROGRAM}: {problem}")
        return ExitCode.USAGE
    except AdsError as problem:
        complain(f"{PROGRAM}: {problem}")
        return exit_code_of(problem.kind)
    except CommandFailed as problem:
        complain(f"{PROGRAM}: {problem}")
        return ExitCode.FAILED
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    return result


def _disable_core_dumps() -> None:
    """Keep a crash from writing the memory of this process, with its token, to a file. Windows has no such files."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415  Windows has no such module

    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
