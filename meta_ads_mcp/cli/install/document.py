"""What the formats of clients' files have in common: set and remove a member in place, and check the result.

An edit is made in the text, so that comments and layout stay. Afterwards the text is read again and must hold exactly
the expected data: an edit that would lose something is refused instead of written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class InvalidDocument(Exception):
    """The text is not what it should be; says where and what, without quoting it."""


class TextFormat(Protocol):
    """A format of configuration files. A path is the names from the root to a member. All raise InvalidDocument."""

    def load(self, text: str) -> dict[str, Any]:
        """Return the data of a file; an empty one holds an empty object."""
        ...

    def set_member(self, text: str, path: Sequence[str], value: Any) -> str:
        """Return the text with the value at that path. Missing objects on the way are created."""
        ...

    def remove_member(self, text: str, path: Sequence[str]) -> str:
        """Return the text without the member at that path; unchanged if there is none."""
        ...


def value_at(data: Any, path: Sequence[str]) -> Any:
    """Return the value at a path of names; None if there is none."""
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def data_with(data: Any, path: Sequence[str], value: Any) -> Any:
    """Return the data with the value at that path. Raises InvalidDocument where the path leads through a value."""
    if not isinstance(data, dict):
        raise InvalidDocument(f"the place of {path[0]} is not an object")
    head, *rest = path
    return {**data, head: data_with(data.get(head, {}), rest, value) if rest else value}


def data_without(data: Any, path: Sequence[str]) -> Any:
    """Return the data without the member at that path, which exists."""
    head, *rest = path
    if rest:
        return {**data, head: data_without(data[head], rest)}
    return {key: value for key, value in data.items() if key != head}


def check_object(data: Any) -> dict[str, Any]:
    """Return the root of a document. Raises InvalidDocument if it is not an object."""
    if not isinstance(data, dict):
        raise InvalidDocument("the whole is not an object")
    return data


ALTERS_MORE = "the change would alter more than this server's entry"
