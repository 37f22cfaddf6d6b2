"""Opens local files for uploads: only regular ones, only inside the owner's folders, each opened once.

The path is resolved and compared with the resolved folders; then it is opened step by step from the folder, no step
following a link, so that nothing can be put in its place in between. What is checked after that is the open file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from meta_ads_mcp.core.ports import Download, Upload
from meta_ads_mcp.errors import Denied, InvalidArguments, NotFound

# O_NONBLOCK: opening a pipe that nobody writes to would wait for ever. Windows has neither flag, but O_BINARY.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_STEPWISE = os.open in os.supports_dir_fd


class RootedUploads:
    """The `Uploads` port over the owner's folders; without folders there is nothing to upload."""

    def __init__(self, roots: Sequence[str | Path] = ()) -> None:
        self._roots = tuple(Path(root) for root in roots)

    def open(self, path: str, most_bytes: int) -> Upload:
        if not self._roots:
            raise Denied(
                "This server uploads no local files.", "Its owner names the folders for them in META_ADS_UPLOAD_ROOTS."
            )
        given = Path(path)
        if "\0" in path or ".." in given.parts or not given.is_absolute():
            raise InvalidArguments(
                "A local file is given by its absolute path, without '..'.", "Give the whole path of the file."
            )
        try:
            root, inside = self._place(given)
            descriptor = _stepwise(root, inside) if _STEPWISE else os.open(root / inside, _FLAGS)
        except OSError as failure:
            raise NotFound(
                f"The file is not there, or cannot be read ({type(failure).__name__}).", "Check the path."
            ) from None
        try:
            size = _checked(descriptor, most_bytes)
            return Upload(inside.name, size, os.fdopen(descriptor, "rb"))
        except BaseException:
            os.close(descriptor)
            raise

    def _place(self, given: Path) -> tuple[Path, Path]:
        """The resolved folder that holds the resolved file, and the way from one to the other."""
        real = Path(os.path.realpath(given))
        for root in self._roots:
            folder = Path(os.path.realpath(root))
            if real != folder and real.is_relative_to(folder):
                return folder, real.relative_to(folder)
        raise Denied(
            "The file is in none of the folders that this server may upload from.",
            "Move it there, or ask the owner of this server to add its folder to META_ADS_UPLOAD_ROOTS.",
        )


def _stepwise(root: Path, inside: Path) -> int:
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for step in inside.parts[:-1]:
            deeper = os.open(step, _FLAGS | os.O_DIRECTORY, dir_fd=folder)
            os.close(folder)
            folder = deeper
        return os.open(inside.name, _FLAGS, dir_fd=folder)
    finally:
        os.close(folder)


def _checked(descriptor: int, most_bytes: int) -> int:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise InvalidArguments("This is no file: a folder, a device or a pipe cannot be uploaded.")
    if not 0 < found.st_size <= most_bytes:
        raise InvalidArguments(
            f"The file has {found.st_size} bytes; 1 to {most_bytes} can be uploaded.", "Give a file of that size."
        )
    return found.st_size


class NoDownloads:
    """Fetches nothing and looks nothing up; what an address itself tells was checked with the arguments."""

    async def check(self, url: str) -> None:
        """Nothing is known against it."""

    async def get(self, url: str, most_bytes: int) -> Download:
        raise Denied("This server fetches nothing from the web.", "Give the file itself.")
