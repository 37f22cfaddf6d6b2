"""Local files on their way to Meta, as tools see them."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Protocol, Self


@dataclass(frozen=True)
class Upload:
    """A local file, opened and checked: its plain name, its size in bytes, and its content from the start.

    Closed at the end of a `with` block. What is read is the file that was checked, whatever happens to its name.
    """

    name: str
    size: int
    file: BinaryIO

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()


class Uploads(Protocol):
    """The files that may leave this machine: those in the folders of META_ADS_UPLOAD_ROOTS."""

    def open(self, path: str, most_bytes: int) -> Upload:
        """A regular file of 1 to `most_bytes` bytes, given by its absolute path.

        Raises Denied when no folder is open for uploads or the file lies (also through links) in none of them,
        NotFound when it is not there or cannot be read, InvalidArguments for what is no file or has another size.
        """
        ...
