"""Editing TOML in place (Codex), with the parser of the standard library.

The parser gives no positions. A statement is found by adding lines until they parse: a table's header, or a key with
its value.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meta_ads_mcp.cli.install.document import ALTERS_MORE, InvalidDocument, data_with, data_without, value_at

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_POSITION = re.compile(r" \(at (?:line \d+, column \d+|end of document)\)")
OTHER_FORM = "the entry is written in a form that this command does not change; edit it by hand"


@dataclass(frozen=True)
class TomlStatement:
    """A header or a pair, from one position to another. `path` is complete: the table's, then the key's."""

    path: tuple[str, ...]
    start: int
    end: int
    is_header: bool


class TomlFormat:
    """See `TextFormat`."""

    def load(self, text: str) -> dict[str, Any]:
        try:
            return tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as failure:
            raise InvalidDocument(_without_quote(failure)) from None

    def set_member(self, text: str, path: Sequence[str], value: Any) -> str:
        data = self.load(text)
        if value_at(data, path) == value:
            return text
        target = data_with(data, path, value)
        result = self._set(text, tuple(path), value)
        if self.load(result) != target:
            raise InvalidDocument(ALTERS_MORE)
        return result

    def remove_member(self, text: str, path: Sequence[str]) -> str:
        data = self.load(text)
        if value_at(data, path) is None:
            return text
        result = _remove(text, data, tuple(path))
        if _pruned(self.load(result), path) != _pruned(data_without(data, path), path):
            raise InvalidDocument(OTHER_FORM)
        return result

    def _set(self, text: str, path: tuple[str, ...], value: Any) -> str:
        items = list(statements(text))
        pair = next((item for item in items if item.path == path[: len(item.path)] and not item.is_header), None)
        if pair is not None:
            whole = value_at(data_with(self.load(text), path, value), pair.path)
            return _replace_value(text, pair, whole)
        table = path[:-1]
        if any(item.is_header and item.path == table for item in items):
            position = _end_of_table(items, table)
            return _insert(text, position, f"{_key(path[-1])} = {dump(value)}\n")
        if not isinstance(value, dict) or value_at(self.load(text), path) is not None:
            raise InvalidDocument(OTHER_FORM)
        lines = "".join(f"{_key(name)} = {dump(item)}\n" for name, item in value.items())
        header = f"[{'.'.join(map(_key, path))}]\n"
        siblings = [item.end for item in items if item.path[: len(table)] == table]
        position = max(siblings, default=len(text))
        return _insert(text, position, ("\n" if text[:position].strip() else "") + header + lines)


def _remove(text: str, data: dict[str, Any], path: tuple[str, ...]) -> str:
    items = list(statements(text))
    matches = [item for item in items if item.path[: len(path)] == path]
    if not matches:
        # Inside an inline table.
        pair = next((item for item in items if item.path == path[: len(item.path)] and not item.is_header), None)
        return text if pair is None else _replace_value(text, pair, value_at(data_without(data, path), pair.path))
    for item in reversed(matches):
        text = text[: item.start] + text[item.end :]
    return _join_blank_lines(text)


def statements(text: str) -> Iterator[TomlStatement]:
    """Yield the statements of a valid document in their order."""
    lines = text.splitlines(keepends=True)
    table: tuple[str, ...] = ()
    position = index = 0
    while index < len(lines):
        if not lines[index].strip() or lines[index].lstrip().startswith("#"):
            position, index = position + len(lines[index]), index + 1
            continue
        source = ""
        while index < len(lines):
            source, index = source + lines[index], index + 1
            if _parses(source):
                break
        if source.lstrip().startswith("["):
            table = _path_of(tomllib.loads(source))
            yield TomlStatement(table, position, position + len(source), is_header=True)
        else:
            yield TomlStatement((*table, *_key_path(source)), position, position + len(source), is_header=False)
        position += len(source)


def dump(value: Any) -> str:
    """Return a value as TOML on one line. A JSON string is a TOML string, except for DEL."""
    if isinstance(value, Mapping):
        members = ", ".join(f"{_key(name)} = {dump(item)}" for name, item in value.items())
        return f"{{ {members} }}" if members else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(dump, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _parses(source: str) -> bool:
    try:
        tomllib.loads(source)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _key_path(source: str) -> tuple[str, ...]:
    """Return the path of a pair's key, which ends at the first `=` that makes it a key."""
    return _path_of(tomllib.loads(f"{source[: _equals(source)]}= {{}}"))


def _equals(source: str) -> int:
    return next(at for at, char in enumerate(source) if char == "=" and _parses(f"{source[:at]}= 0"))


def _path_of(data: Any) -> tuple[str, ...]:
    """Return the names on the way to the innermost object."""
    path: list[str] = []
    while data:
        data = data[0] if isinstance(data, list) else data
        if data:
            ((name, data),) = data.items()
            path.append(name)
    return tuple(path)


def _replace_value(text: str, pair: TomlStatement, value: Any) -> str:
    source = text[pair.start : pair.end]
    head = source[: _equals(source) + 1]
    return text[: pair.start] + f"{head} {dump(value)}{_tail(source)}" + text[pair.end :]


def _tail(source: str) -> str:
    """Return what follows the value of a pair: a comment, and the line break."""
    data = tomllib.loads(source)
    marks = [at for at, char in enumerate(source) if char == "#" and _parses(source[:at])]
    start = next((at for at in marks if tomllib.loads(source[:at]) == data), None)
    if start is not None:
        return f"  {source[start:]}"
    return source[len(source.rstrip("\r\n")) :]


def _end_of_table(items: Sequence[TomlStatement], table: tuple[str, ...]) -> int:
    """Return the position behind the header of a table and its pairs."""
    index = next(at for at, item in enumerate(items) if item.is_header and item.path == table)
    end = items[index].end
    for item in items[index + 1 :]:
        if item.is_header:
            break
        end = item.end
    return end


def _insert(text: str, position: int, addition: str) -> str:
    before, rest = text[:position], text[position:]
    line = "\r\n" if "\r\n" in text else "\n"
    if before and not before.endswith("\n"):
        before += line
    return before + addition.replace("\n", line) + rest


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else dump(name)


def _join_blank_lines(text: str) -> str:
    """Remove the blank lines that a removed table leaves at the end of the file and doubled in the middle."""
    return re.sub(r"(\r?\n)(\r?\n){2,}", r"\1\1", text).rstrip("\r\n") + ("\n" if text.strip() else "")


def _pruned(data: Any, path: Sequence[str]) -> Any:
    """Return the data without objects on the path that are empty: a header that is gone leaves none."""
    if not path or not isinstance(data, dict) or path[0] not in data:
        return data
    inner = _pruned(data[path[0]], path[1:])
    rest = {key: value for key, value in data.items() if key != path[0]}
    return rest if inner == {} else {**rest, path[0]: inner}


def _without_quote(failure: Exception) -> str:
    """Return the position of a mistake, without the text around it, which may be a secret."""
    match = _POSITION.search(str(failure))
    return f"not valid TOML{match[0]}" if match else "not valid TOML"
