"""Draw the pictures of the demo: the sandbox has addresses of images, but no files.

A picture is a landscape of a few hills under a sky. Its colors follow from its name, so that the same address always
has the same picture, in every size.
"""

from __future__ import annotations

import colorsys
import hashlib
import math
import re
import struct
import zlib

HOST = "scontent.sandbox.example"
SIZE_PX = 160
HILLS = 3
_SIZE_SUFFIX = re.compile(r"(_[0-9]+)?\.[a-z]+$")


def draw_picture(name: str) -> bytes:
    """Return a PNG of 160 by 160 pixels for the name of a file."""
    digest = hashlib.sha256(_SIZE_SUFFIX.sub("", name).encode()).digest()
    hue = digest[0] / 255
    colors = [_color(hue, 0.28, 0.93), *(_color(hue + 0.09 * step, 0.5, 0.78 - 0.17 * step) for step in range(HILLS))]
    heights = [[_hill(x, step, digest) for x in range(SIZE_PX)] for step in range(HILLS)]
    rows = (bytes(1) + bytes(_layer(x, y, heights) for x in range(SIZE_PX)) for y in range(SIZE_PX))
    return _png(b"".join(rows), b"".join(colors))


def _color(hue: float, saturation: float, value: float) -> bytes:
    return bytes(round(part * 255) for part in colorsys.hsv_to_rgb(hue % 1, saturation, value))


def _hill(x: int, step: int, digest: bytes) -> float:
    """Return where a hill begins in a column, in pixels from the top."""
    phase, width = digest[step + 1] / 40, 18 + digest[step + 5] / 10
    return SIZE_PX * (0.45 + 0.17 * step) + 14 * math.sin(x / width + phase)


def _layer(x: int, y: int, heights: list[list[float]]) -> int:
    """Return the index of the color of a pixel: the last hill that reaches it, or the sky."""
    return sum(y >= hill[x] for hill in heights)


def _png(pixels: bytes, palette: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", SIZE_PX, SIZE_PX, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(pixels)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
