"""Editing JSON, and JSON with comments, in place: what is not touched keeps every character.

A parser that remembers positions; a member is set or removed in the text itself. After an edit the text is read again,
and must hold exactly the expected data: an edit that would lose something is refused instead of written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from meta_ads_mcp.cli.install.document import ALTERS_MORE, InvalidDocument, check_object, data_with, data_without

_BLANK = re.compile(r"[ \t\r\n]*")
_COMMENTED_BLANK = re.compile(r"(?:[ \t\r\n]|//[^\r\n]*|/\*.*?\*/)*", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"')
_SCALAR = re.compile(r"true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_INDENT = re.compile(r"^([ \t]+)\S", re.MULTILINE)
_MAX_DEPTH = 200


class InvalidJsonc(InvalidDocument):
    """The text is not JSON; says where and what, without quoting it."""


@dataclass(frozen=True)
class JsonFormat:
    """See `TextFormat`. `comments` allows comments and trailing commas."""

    comments: bool

    def load(self, text: str) -> dict[str, Any]:
        return check_object(parse(text, comments=self.comments).data) if text.strip() else {}

    def set_member(self, text: str, path: Sequence[str], value: Any) -> str:
        return set_member(text, path, value, comments=self.comments)

    def remove_member(self, text: str, path: Sequence[str]) -> str:
        return remove_member(text, path, comments=self.comments) if text.strip() else text


@dataclass(frozen=True)
class JsoncNode:
    """A value between two positions. `members` are those of an object, else None."""

    start: int
    end: int
    data: Any
    members: tuple[Member, ...] | None = None


@dataclass(frozen=True)
class Member:
    """`"key": value` from `start` on; `comma` is the position of the comma behind it, if there is one."""

    key: str
    start: int
    value: JsoncNode
    comma: int | None


def parse(text: str, *, comments: bool) -> JsoncNode:
    """Return the document's value. Raises InvalidJsonc. `comments` allows comments and trailing commas."""
    reader = _JsoncReader(text, comments)
    node = reader.value(reader.skip(0), 0)
    rest = reader.skip(node.end)
    if rest != len(text):
        reader.fail(rest, "more text after the end")
    return node


class _JsoncReader:
    def __init__(self, text: str, comments: bool) -> None:
        self._text, self._comments = text, comments

    def skip(self, at: int) -> int:
        match = (_COMMENTED_BLANK if self._comments else _BLANK).match(self._text, at)
        return match.end() if match else at

    def fail(self, at: int, what: str) -> NoReturn:
        line = self._text.count("\n", 0, at) + 1
        column = at - (self._text.rfind("\n", 0, at) + 1) + 1
        raise InvalidJsonc(f"line {line}, column {column}: {what}")

    def value(self, at: int, depth: int) -> JsoncNode:
        if depth > _MAX_DEPTH:
            self.fail(at, "nested too deeply")
        first = self._text[at : at + 1]
        if first == "{":
            return self._object(at, depth)
        if first == "[":
            return self._array(at, depth)
        match = (_STRING if first == '"' else _SCALAR).match(self._text, at)
        if match is None:
            self.fail(at, "a value is expected")
        return JsoncNode(at, match.end(), json.loads(match[0]))

    def _object(self, start: int, depth: int) -> JsoncNode:
        members: list[Member] = []
        at, more = self.skip(start + 1), True
        while self._text[at : at + 1] != "}":
            if not more:
                self.fail(at, "a comma or } is expected")
            member = self._member(at, depth)
            more = member.comma is not None
            members.append(member)
            at = self.skip(member.value.end if member.comma is None else member.comma + 1)
        self._check_end(members, at)
        data = {member.key: member.value.data for member in members}
        return JsoncNode(start, at + 1, data, tuple(members))

    def _member(self, at: int, depth: int) -> Member:
        key = _STRING.match(self._text, at)
        if key is None:
            self.fail(at, "a name in quotes is expected")
        colon = self.skip(key.end())
        if self._text[colon : colon + 1] != ":":
            self.fail(colon, "a colon is expected")
        value = self.value(self.skip(colon + 1), depth + 1)
        behind = self.skip(value.end)
        comma = behind if self._text[behind : behind + 1] == "," else None
        return Member(json.loads(key[0]), at, value, comma)

    def _check_end(self, members: Sequence[Member], at: int) -> None:
        if members and members[-1].comma is not None and not self._comments:
            self.fail(at, "a comma before }")

    def _array(self, start: int, depth: int) -> JsoncNode:
        items: list[Any] = []
        at, more = self.skip(start + 1), True
        while self._text[at : at + 1] != "]":
            if not more:
                self.fail(at, "a comma or ] is expected")
            node = self.value(at, depth + 1)
            items.append(node.data)
            at = self.skip(node.end)
            more = self._text[at : at + 1] == ","
            at = self.skip(at + 1) if more else at
        if items and more and not self._comments:
            self.fail(at, "a comma before ]")
        return JsoncNode(start, at + 1, items)


def set_member(text: str, path: Sequence[str], value: Any, *, comments: bool) -> str:
    """Return the text with the value at that path of names. Missing objects on the way are created."""
    if not text.strip():
        text = "{}\n"
    root = parse(text, comments=comments)
    node, depth = root, 0
    while True:
        if node.members is None:
            raise InvalidJsonc(f"{'.'.join(path[:depth]) or 'the whole'} is not an object")
        member = _last(node, path[depth])
        if member is None or depth == len(path) - 1:
            break
        node, depth = member.value, depth + 1
    for name in reversed(path[depth + 1 :]):
        value = {name: value}
    if member is None:
        result = _insert(text, node, depth + 1, path[depth], value)
    elif member.value.data == value:
        return text
    else:
        dump = _dump(text, value, depth + 1)
        result = text[: member.value.start] + dump + text[member.value.end :]
    return _verify(result, data_with(root.data, path[: depth + 1], value), comments)


def remove_member(text: str, path: Sequence[str], *, comments: bool) -> str:
    """Return the text without the member at that path; unchanged if there is none."""
    root = parse(text, comments=comments)
    node: JsoncNode | None = root
    for name in path[:-1]:
        match = _last(node, name) if node and node.members is not None else None
        node = match.value if match else None
    if node is None or not node.members or path[-1] not in node.data:
        return text
    cuts = _cuts(text, node.members, path[-1])
    result = text
    for start, end in sorted(cuts, reverse=True):
        result = result[:start] + result[end:]
    closing = node.end - 1 - (len(text) - len(result))
    if not result[node.start + 1 : closing].strip():
        result = result[: node.start + 1] + result[closing:]
    return _verify(result, data_without(root.data, path), comments)


def _last(node: JsoncNode, key: str) -> Member | None:
    """Return the last member of that name, which is the one that parsers use."""
    return next((member for member in reversed(node.members or ()) if member.key == key), None)


def _insert(text: str, node: JsoncNode, depth: int, key: str, value: Any) -> str:
    """Return the text with a new member before the closing brace."""
    line = "\r\n" if "\r\n" in text else "\n"
    unit, closing = _unit(text), node.end - 1
    behind = len(text[:closing].rstrip())
    members = node.members or ()
    if members and "\n" not in text[node.start : node.end]:
        member = f", {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
        if members[-1].comma is not None:
            member = member[1:]
        return text[:behind] + member + text[behind:]
    line_end = "" if "\n" in text[behind:closing] else line + unit * (depth - 1)
    indent = _indent_of(text, members[-1].start) if members else unit * depth
    comma = "," if members and members[-1].comma is not None else ""
    member = f"{line}{indent}{json.dumps(key)}: {_dump(text, value, depth, indent)}{comma}"
    result = text[:behind] + member + line_end + text[behind:closing].lstrip(" \t" if line_end else "") + text[closing:]
    if members and members[-1].comma is None:
        end = members[-1].value.end
        result = result[:end] + "," + result[end:]
    return result


def _cuts(text: str, members: Sequence[Member], key: str) -> list[tuple[int, int]]:
    """Return the ranges to remove: the members, and the comma that would be left before the brace."""
    rest = [member for member in members if member.key != key]
    cuts = [_member_range(text, member) for member in members if member.key == key]
    if rest and members[-1].comma is None and members[-1].key == key and rest[-1].comma is not None:
        cuts.append((rest[-1].comma, rest[-1].comma + 1))
    return cuts


def _member_range(text: str, member: Member) -> tuple[int, int]:
    """Return the range of the member with its comma and indentation, and with the line break if it is alone there."""
    start, end = member.start, member.value.end if member.comma is None else member.comma + 1
    while text[start - 1] in " \t":
        start -= 1
    alone = text[start - 1] == "\n"
    blank = re.compile(r"[ \t]*(?:\r?\n)?" if alone else r"[ \t]*").match(text, end)
    return (start, blank.end()) if blank and (alone or member.comma is not None) else (start, end)


def _dump(text: str, value: Any, depth: int, indent: str | None = None) -> str:
    unit = _unit(text)
    line = "\r\n" if "\r\n" in text else "\n"
    dump = json.dumps(value, ensure_ascii=False, indent=unit)
    return dump.replace("\n", line + (unit * depth if indent is None else indent))


def _unit(text: str) -> str:
    """Return one step of indentation, as the file has it."""
    match = _INDENT.search(text)
    return match[1] if match and len(match[1]) <= 8 else "  "


def _indent_of(text: str, at: int) -> str:
    start = text.rfind("\n", 0, at) + 1
    before = text[start:at]
    return before if not before.strip() else before[: len(before) - len(before.lstrip())]


def _verify(text: str, value: Any, comments: bool) -> str:
    if parse(text, comments=comments).data != value:
        raise InvalidJsonc(ALTERS_MORE)
    return text
