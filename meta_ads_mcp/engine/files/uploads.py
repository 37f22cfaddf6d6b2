"""Open local files for uploads: only regular files inside the owner's folders, each opened once.

The path is resolved and compared with the resolved folders. Then it is opened step by step from the folder without
following links, so that nobody can swap the file in between. All further checks are on the open file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

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
    """Implement `Uploads` over the owner's folders. Without folders, every upload is denied."""

    def __init__(self, roots: Sequence[str | Path] = ()) -> None:
        self._roots = tuple(Path(root) for root in roots)

    def open(self, path: str, most_bytes: int) -> Upload:
        if not self._roots:
            raise Denied(
                "This server uploads no local files.", "Its owner names the folders for them in META_ADS_UPLOAD_ROOTS."
            )
        target = Path(path)
        if "\0" in path or ".." in target.parts or not target.is_absolute():
            raise InvalidArguments(
                "A local file is given by its absolute path, without '..'.", "Give the whole path of the file."
            )
        try:
            root, inside = self._locate(target)
            descriptor = _stepwise(root, inside) if _STEPWISE else os.open(root / inside, _FLAGS)
        except OSError as failure:
            raise NotFound(
                f"The file is not there, or cannot be read ({type(failure).__name__}).", "Check the path."
            ) from None
        try:
            size = _check_size(descriptor, most_bytes)
            return Upload(inside.name, size, os.fdopen(descriptor, "rb"))
        except BaseException:
            os.close(descriptor)
            raise

    def _locate(self, target: Path) -> tuple[Path, Path]:
        """Return the resolved folder that holds the resolved file, and the file's path inside it. Raises Denied."""
        real = Path(os.path.realpath(target))
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


def _check_size(descriptor: int, most_bytes: int) -> int:
    """Return the size of an open file in bytes. Raises InvalidArguments for another size or anything but a file."""
    info = os.fstat(descriptor)
    if not stat.S_ISREG(info.st_mode):
        raise InvalidArguments(
            "This path is not a file: a folder, a device or a pipe cannot be uploaded.", "Give the path of a file."
        )
    if not 0 < info.st_size <= most_bytes:
        raise InvalidArguments(
            f"The file has {info.st_size} bytes; 1 to {most_bytes} can be uploaded.", "Give a file of that size."
        )
    return info.st_size


class NoDownloads:
    """Implement `Downloads` without a network. The arguments were checked for addresses that are visibly private."""

    async def check(self, url: str) -> None:
        """Accept every URL."""

    async def get(self, url: str, most_bytes: int) -> Download:
        raise Denied("This server fetches nothing from the web.", "Give the file itself.")


class DrawnPictures(NoDownloads):
    """Draw the pictures of one host that does not exist, and fetch nothing. `draw` returns a PNG for a file name."""

    def __init__(self, host: str, draw: Callable[[str], bytes]) -> None:
        self._host, self._draw = host, draw

    async def get(self, url: str, most_bytes: int) -> Download:
        parts = urlsplit(url)
        if parts.hostname != self._host:
            return await super().get(url, most_bytes)
        name = PurePosixPath(parts.path).name
        return Download(name, self._draw(name))
