"""Print text for people: the only place of the commands that writes to standard output and standard error.

Names and messages come from outside. Every text is cleaned of terminal sequences, hidden characters and secrets, fits
the encoding of the stream, and a reader that has gone away (`| head`) ends the output and not the command.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Literal, TextIO

from meta_ads_mcp.core.values.text import clean, show_hidden

# Replacements for characters that old code pages lack.
_PLAIN = str.maketrans({"→": "->", "←": "<-", "…": "...", "✎": "*", "⚠": "!", "\u2011": "-", "\u00a0": " "})


def say(text: str = "") -> None:
    """Print one line. Line breaks inside the text become blanks, so that a name cannot forge a line."""
    _write(sys.stdout, _one_line(text))


def say_unredacted(text: str) -> None:
    """Print one line that may hold a token. Only for the token of the sandbox, which opens nothing else."""
    _write(sys.stdout, show_hidden(text.replace("\n", " ")))


def complain(text: str) -> None:
    """Print one line on standard error."""
    _write(sys.stderr, _one_line(text))


def write_block(stream: TextIO | None, text: str) -> None:
    """Print a text of several lines to a stream, such as the help."""
    for line in text.split("\n"):
        _write(stream, _one_line(line))


def say_block(text: str) -> None:
    """Print a text of several lines that this program wrote itself, such as a configuration."""
    for line in text.rstrip("\n").split("\n"):
        say(line)


def say_table(rows: Sequence[tuple[str, str, str, str, str]]) -> None:
    """Print checks as a table as wide as the terminal: color, name, status, detail, fix.

    Without colors where NO_COLOR is set (no-color.org) or the terminal has none.
    """
    from rich.console import Console  # noqa: PLC0415  only this table needs it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for color, name, status, detail, fix in rows:
        text = Text(_clean(detail))
        if fix:
            text.append(f"\n-> {_clean(fix)}", style="bold")
        table.add_row(Text(status.upper(), style=f"bold {color}"), Text(_clean(name)), text)
    stream = io.StringIO()
    colors = Console().color_system if not os.environ.get("NO_COLOR") else None
    Console(file=stream, force_terminal=colors is not None, width=Console().width, no_color=colors is None).print(table)
    for line in stream.getvalue().splitlines():
        _write(sys.stdout, line.rstrip())


def say_json(value: Any) -> None:
    """Print a value as indented JSON, escaped where the encoding of the output lacks a character."""
    text = json.dumps(_clean_texts(value), ensure_ascii=False, indent=2)
    if not _can_encode(text, sys.stdout):
        text = json.dumps(_clean_texts(value), indent=2)
    _write(sys.stdout, text)


def _write(stream: TextIO | None, text: str) -> None:
    """Write a line to the stream as it is, except for characters that its encoding lacks."""
    if stream is None:  # a Windows program without a console
        return
    try:
        stream.write(_encodable(text, stream) + "\n")
        stream.flush()
    except (OSError, ValueError):
        _silence(stream)


def prints_to_terminal() -> bool:
    """Return whether what is printed goes to a terminal."""
    return is_terminal(sys.stdout)


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a person reads the stream (or types into it)."""
    return stream is not None and stream.isatty()


def default_format() -> Literal["table", "json"]:
    """Return the format of an answer when none is requested."""
    return "table" if is_terminal(sys.stdout) else "json"


def _one_line(text: str) -> str:
    return " ".join(_clean(text).split("\n"))


def _clean(text: str) -> str:
    return clean(text, len(text) + 1)


def _clean_texts(value: Any) -> Any:
    """Clean every text of a JSON value without cutting any."""
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, dict):
        return {_clean(str(key)): _clean_texts(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean_texts(item) for item in value]
    return value


def _can_encode(text: str, stream: TextIO) -> bool:
    try:
        text.encode(stream.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _encodable(text: str, stream: TextIO) -> str:
    if _can_encode(text, stream):
        return text
    encoding = stream.encoding or "ascii"
    return text.translate(_PLAIN).encode(encoding, "replace").decode(encoding)


def _silence(stream: TextIO) -> None:
    """Send what follows to the null device: otherwise Python complains about the closed pipe when it exits."""
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
