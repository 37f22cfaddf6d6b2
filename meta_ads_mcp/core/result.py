"""Define the results of tools before the engine shapes them into answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


class Whole(dict[str, Any]):
    """Mark a row that keeps its empty fields, because an empty value means something in it."""


class Final(dict[str, Any]):
    """Mark an object that is shown as it is: no amount is converted, no empty value is dropped."""


@dataclass(frozen=True)
class Table:
    """Hold rows of figures with the column names once. It takes a third of the tokens of a list of objects."""

    columns: list[str]
    rows: list[list[Any]]

    def public(self) -> dict[str, Any]:
        """Return the table as the contract shows it."""
        return {"columns": self.columns, "rows": self.rows}


@dataclass(frozen=True)
class Page:
    """Describe the position in a list: rows in this answer, whether more follow, and the cursor to go on."""

    count: int
    has_more: bool = False
    after: str | None = None

    def public(self) -> dict[str, Any]:
        """Return the contract's `page` object."""
        page: dict[str, Any] = {"count": self.count, "has_more": self.has_more}
        return page | ({"after": self.after} if self.after else {})


@dataclass(frozen=True)
class Exported:
    """Describe a finished file: its absolute path, the number of rows, the columns in order, and its size in bytes.

    A `personal` file holds personal data: its content must not reach the model. `sha256` is empty unless it was asked
    for.
    """

    path: str
    rows: int
    columns: Sequence[str]
    size: int = 0
    personal: bool = False
    sha256: str = ""


@dataclass(frozen=True)
class Result:
    """Hold a successful result: a summary for people, and data.

    `data` is an object, a list of objects, or a `Table`. Handlers return rows as they came from Graph: the engine turns
    amounts into money objects, drops empty fields and cleans texts. `marks` are the listing's, if rows map one to one.
    `images` are files (PNG, JPEG, GIF or WebP) of the same data. The answer links to `files` on this machine. A
    `verbatim` summary is never shortened, because a person agrees to it. `card` is a write as a view shows it, with the
    confirmation code if an agreement is still to come; it is not for the model.
    """

    summary: str
    data: Row | list[Row] | Table
    page: Page | None = None
    notes: list[str] = field(default_factory=list)
    marks: tuple[tuple[int, str], ...] = ()
    images: list[bytes] = field(default_factory=list)
    files: tuple[Exported, ...] = ()
    verbatim: bool = False
    card: Row | None = None


@dataclass(frozen=True)
class Listing:
    """Hold rows of a Graph edge as they came, with the cursor to go on. `after` is None at the end.

    `stuck` tells that Graph has more rows but gives no cursor to them. `marks` hold the index in `rows` at which each
    page starts and the cursor of that page, so that an answer that ends inside a page continues at the next row.
    """

    rows: list[Row]
    after: str | None = None
    summary: Row = field(default_factory=dict)
    marks: tuple[tuple[int, str], ...] = ()
    stuck: bool = False

    @property
    def has_more(self) -> bool:
        return self.after is not None or self.stuck
