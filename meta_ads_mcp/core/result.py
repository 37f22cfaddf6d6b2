"""What a tool gives back, before it is shaped and rendered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


class Whole(dict[str, Any]):
    """A row that is shown with every field, also the empty ones, because there "none" says something."""


class Final(dict[str, Any]):
    """An object that is already as it is to be shown: no amount is converted, no empty value dropped."""


@dataclass(frozen=True)
class Table:
    """Rows of figures: names once, then values only. A third of the tokens of a list of objects."""

    columns: list[str]
    rows: list[list[Any]]

    def public(self) -> dict[str, Any]:
        return {"columns": self.columns, "rows": self.rows}


@dataclass(frozen=True)
class Page:
    """Where a list stands: rows in this answer, whether more follow, and the cursor to go on."""

    count: int
    has_more: bool = False
    after: str | None = None

    def public(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"count": self.count, "has_more": self.has_more}
        return shown | ({"after": self.after} if self.after else {})


@dataclass(frozen=True)
class Exported:
    """A finished file: its absolute path, the number of rows, the columns in order, and its size in bytes.

    A `personal` file holds data of people: its content must not reach the model.
    """

    path: str
    rows: int
    columns: Sequence[str]
    size: int = 0
    personal: bool = False


@dataclass(frozen=True)
class Result:
    """A successful answer: a summary for people, and data.

    `data` is an object, a list of objects, or a `Table`; the engine turns Graph's money into money objects, drops empty
    fields and cleans texts, so a handler returns rows as they came. `marks` are the listing's, where rows map one to
    one. `images` are files (PNG, JPEG, GIF or WebP) that show the same. The answer links to `files`, which were
    written on this machine. A `verbatim` summary is shown in full, because a person agrees to it.
    """

    summary: str
    data: Row | list[Row] | Table
    page: Page | None = None
    notes: list[str] = field(default_factory=list)
    marks: tuple[tuple[int, str], ...] = ()
    images: list[bytes] = field(default_factory=list)
    files: tuple[Exported, ...] = ()
    verbatim: bool = False


@dataclass(frozen=True)
class Listing:
    """Rows of a Graph edge as they came, with the cursor to go on; `after` is None at the end.

    `stuck` is a list that has more and no cursor to it.

    `marks` say where in `rows` each page starts and with which cursor it was asked, so that an answer that is cut in
    the middle of a page can still be continued at the next row.
    """

    rows: list[Row]
    after: str | None = None
    summary: Row = field(default_factory=dict)
    marks: tuple[tuple[int, str], ...] = ()
    stuck: bool = False

    @property
    def has_more(self) -> bool:
        return self.after is not None or self.stuck
