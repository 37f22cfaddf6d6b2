"""Turn an SVG drawing into a PNG picture with resvg."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import resvg_py

from meta_ads_mcp.analysis.charts.lettering import FOLDER

# Pixels of the picture per pixel of the drawing.
SCALE = 2
FAMILY = "Inter"
# The size of the square in which a character is tried.
CELL = 16


def png(svg: str, *, system_fonts: bool) -> bytes:
    """Draw the SVG with the fonts of charts. `system_fonts` adds those of the system, which takes longer."""
    return _render(svg, SCALE, system_fonts=system_fonts)


def _render(svg: str, scale: float, *, system_fonts: bool) -> bytes:
    fonts = [str(path) for path in sorted(FOLDER.glob("*.ttf"))]
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg, zoom=scale, font_files=fonts, font_family=FAMILY, skip_system_fonts=not system_fonts
        )
    )


def find_missing(characters: str) -> frozenset[str]:
    """Return the characters that neither the fonts of charts nor those of the system have."""
    cells = "".join(
        f'<text x="0" y="{CELL * row + CELL - 4}" font-size="12">&#{ord(character)};</text>'
        for row, character in enumerate(characters)
    )
    size = f'width="{CELL * 2}" height="{CELL * len(characters)}"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FAMILY}">{cells}</svg>'
    rows = [any(line) for line in _lines(_render(svg, 1, system_fonts=True))]
    return frozenset(c for row, c in enumerate(characters) if not any(rows[row * CELL : row * CELL + CELL]))


def _lines(picture: bytes) -> Iterator[bytes]:
    """Yield the lines of a small PNG picture with four bytes per pixel. Source: PNG specification, section 9."""
    width, _ = struct.unpack(">II", picture[16:24])
    data, size, before = zlib.decompress(b"".join(_parts(picture))), width * 4, bytes(width * 4)
    for start in range(0, len(data), size + 1):
        before = _unfilter(data[start], data[start + 1 : start + 1 + size], before)
        yield before


def _parts(picture: bytes) -> Iterator[bytes]:
    place = 8
    while place < len(picture):
        length, kind = struct.unpack(">I4s", picture[place : place + 8])
        if kind == b"IDAT":
            yield picture[place + 8 : place + 8 + length]
        place += length + 12


def _unfilter(kind: int, line: bytes, above: bytes) -> bytes:
    pixels = bytearray(line)
    for place, value in enumerate(line):
        previous = pixels[place - 4] if place >= 4 else 0
        up, corner = above[place], above[place - 4] if place >= 4 else 0
        pixels[place] = (value + (0, previous, up, (previous + up) // 2, _paeth(previous, up, corner))[kind]) & 255
    return bytes(pixels)


def _paeth(previous: int, up: int, corner: int) -> int:
    guess = previous + up - corner
    return min((previous, up, corner), key=lambda value: abs(guess - value))
