"""The `fields` language: `name,adsets.limit(5){name,ads{creative{id}}},insights.date_preset(last_7d){spend}`.

Source: docs graph-api/guides/field-expansion.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from meta_ads_mcp.sandbox.refusal import Refusal, syntax_error

NAME_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:")


@dataclass(frozen=True)
class FieldSelection:
    """One field or edge that is asked for; `inner` is None when no braces were given."""

    name: str
    args: Mapping[str, str] = field(default_factory=dict)
    inner: tuple[FieldSelection, ...] | None = None


@lru_cache(256)
def parse(text: str) -> tuple[FieldSelection, ...]:
    """Parse a `fields` expression, or a JSON array of them. Refusal 2500 for a syntax error, as Graph has it.

    Meta's SDKs send arrays in POST requests (`AdAccount.get_insights_async(fields=[...])`).
    """
    reader = _FieldsReader(join_array(text))
    selections = reader.fields()
    if not reader.at_end():
        raise reader.error("Expected end of string")
    return selections


def join_array(text: str) -> str:
    """Write a JSON array of field expressions as one expression; leave anything else alone."""
    if not text.lstrip().startswith("["):
        return text
    try:
        names = json.loads(text)
    except ValueError:
        raise syntax_error(f"Expected a JSON array of fields: {text}") from None
    if not all(isinstance(name, str) for name in names):
        raise syntax_error(f"Expected a JSON array of field names: {text}")
    return ",".join(names)


def has_alias(selections: Iterable[FieldSelection]) -> bool:
    """Tell whether a field is renamed with `.as(name)`, at any depth."""
    return any("as" in item.args or has_alias(item.inner or ()) for item in selections)


class _FieldsReader:
    """A recursive descent over the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def at_end(self) -> bool:
        """Tell whether the whole text is read."""
        self._skip_blanks()
        return self.position >= len(self.text)

    def error(self, description: str) -> Refusal:
        """Return the refusal for the position that is reached."""
        here = self.text[self.position : self.position + 1] or "end of string"
        return syntax_error(f'{description} instead of "{here}". at character {self.position}: {self.text}')

    def fields(self) -> tuple[FieldSelection, ...]:
        """Read a list of fields."""
        selections = []
        while True:
            selections.append(self._one())
            if not self._take(","):
                return tuple(selections)

    def _one(self) -> FieldSelection:
        name = self._name()
        args: dict[str, str] = {}
        while self._take("."):
            key = self._name()
            self._expect("(")
            args[key] = self._argument()
        inner = None
        if self._take("{"):
            inner = () if self._peek() == "}" else self.fields()
            self._expect("}")
        return FieldSelection(name, args, inner)

    def _name(self) -> str:
        self._skip_blanks()
        start = self.position
        while self.position < len(self.text) and self.text[self.position] in NAME_CHARS:
            self.position += 1
        if start == self.position:
            raise self.error("Expected name")
        return self.text[start : self.position]

    def _argument(self) -> str:
        """Everything up to the closing bracket that belongs to this argument; quotes hide brackets."""
        start, depth, in_quotes = self.position, 1, False
        while self.position < len(self.text):
            char = self.text[self.position]
            self.position += 1
            if char == '"':
                in_quotes = not in_quotes
            elif not in_quotes:
                depth += (char == "(") - (char == ")")
                if not depth:
                    return self.text[start : self.position - 1]
        raise self.error('Expected ")"')

    def _skip_blanks(self) -> None:
        while self.position < len(self.text) and self.text[self.position].isspace():
            self.position += 1

    def _peek(self) -> str:
        self._skip_blanks()
        return self.text[self.position : self.position + 1]

    def _take(self, char: str) -> bool:
        if self._peek() != char:
            return False
        self.position += 1
        return True

    def _expect(self, char: str) -> None:
        if not self._take(char):
            raise self.error(f'Expected "{char}"')
