"""The port through which the parts of a server report what happens; who listens decides where it goes."""

from __future__ import annotations

from typing import Any, Protocol


class Events(Protocol):
    """Takes one event at a time."""

    def emit(self, level: str, event: str, **fields: Any) -> None:
        """Report `event` with its `fields`.

        `level` is `debug`, `info`, `warning`, `error` or `fatal`. Fields hold neither a token nor personal data.
        """
        ...
