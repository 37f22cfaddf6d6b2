"""Measure the texts of a chart, and replace characters that no font here can draw.

The fonts in `fonts/` have the Latin, Greek, Cyrillic, Hebrew, Arabic and Thai scripts. All others are drawn with the
fonts of the system if it has them.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "fonts"
REGULAR, SEMIBOLD = "inter-regular.ttf", "inter-semibold.ttf"
# The width of a character of the system's fonts, in thousandths of the font size.
WIDE, NARROW = 1000, 620
_JOINERS = "\u200c\u200d"


@cache
def _widths() -> Mapping[str, Mapping[int, int]]:
    """Return the widths of characters by font, in thousandths of the font size."""
    fonts = json.loads((FOLDER / "widths.json").read_text(encoding="utf-8"))
    return {name: {int(point, 16): width for point, width in widths.items()} for name, widths in fonts.items()}


@cache
def _font(bold: bool) -> Mapping[int, int]:
    fonts = _widths()
    others = (widths for name, widths in fonts.items() if name not in (REGULAR, SEMIBOLD))
    together: dict[int, int] = {}
    for widths in (*others, fonts[SEMIBOLD if bold else REGULAR]):
        together |= widths
    return together


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Measure the width of a text in pixels."""
    widths = _font(bold)
    return sum(widths.get(ord(character)) or _system_width(character) for character in text) * size / 1000


def _system_width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Cf"):
        return 0
    return WIDE if unicodedata.east_asian_width(character) in "WF" else NARROW


def shorten(text: str, max_width: float, size: float, *, bold: bool = False) -> str:
    """Shorten the text to at most that many pixels."""
    while len(text) > 4 and width_of(text, size, bold=bold) > max_width:
        text = f"{text[:-2].rstrip('. …')}…"
    return text


def wrap(text: str, max_width: float, size: float, *, lines: int) -> list[str]:
    """Break a bold text into lines of about the same width, at most that many. The last one is shortened."""
    parts = _fill(text, max_width, size)
    if len(parts) > lines:
        rest = " ".join(parts[lines - 1 :])
        return [*parts[: lines - 1], shorten(rest, max_width, size, bold=True)]
    width = max_width
    while len(parts) > 1 and len(narrower := _fill(text, width * 0.96, size)) == len(parts):
        parts, width = narrower, width * 0.96
    return [shorten(line, max_width, size, bold=True) for line in parts]


def _fill(text: str, max_width: float, size: float) -> list[str]:
    """Break a bold text into as few lines as possible. A single word may be wider."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width_of(longer, size, bold=True) > max_width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


@dataclass
class Lettering:
    """Write texts with the fonts that there are.

    `missing` are characters that no font has. A part of a name with letters among them becomes a number such as `(1)`,
    which `notes` explain; a symbol is start_x out.
    """

    missing: frozenset[str] = frozenset()
    uses_system_fonts: bool = False
    numbers: dict[str, int] = field(default_factory=dict)
    symbols: set[str] = field(default_factory=set)

    def write(self, text: str) -> str:
        """Return the text as the fonts can draw it."""
        visible = "".join(character for character in text if _is_visible(character))
        bad = self.missing & set(visible)
        if not bad:
            return visible
        signs = {character for character in bad if _is_symbol(character)}
        self.symbols |= signs
        visible = re.sub(r"  +", " ", "".join(c for c in visible if c not in signs)).strip()
        letters = "".join(map(re.escape, sorted(bad - signs)))
        if letters:
            visible = re.sub(rf"[{letters}](?:[\s{letters}]*[{letters}])?", self._number, visible)
        return visible

    def _number(self, match: re.Match[str]) -> str:
        return f"({self.numbers.setdefault(match[0], len(self.numbers) + 1)})"

    def notes(self) -> list[str]:
        """Explain what was replaced."""
        notes = []
        if self.numbers:
            texts = ", ".join(f"({number}) = {text}" for text, number in self.numbers.items())
            notes.append(
                f"No font on this machine has these characters, so the picture has numbers instead: {texts}. "
                "Installing a font such as Noto Sans CJK solves it."
            )
        if self.symbols:
            symbols = " ".join(sorted(self.symbols))
            notes.append(f"Symbols that no font here has were left out of the picture: {symbols}")
        return notes


def lettering(texts: Iterable[str], find_missing: Callable[[str], frozenset[str]]) -> Lettering:
    """Return the lettering of these texts. `find_missing` returns the characters that the system's fonts lack."""
    known = _font(bold=False)
    foreign = {c for text in texts for c in text if ord(c) not in known and _is_visible(c) and not c.isspace()}
    missing = find_missing("".join(sorted(foreign))) if foreign else frozenset()
    return Lettering(missing, uses_system_fonts=bool(foreign - missing))


def _is_visible(character: str) -> bool:
    """Return whether a character may be drawn: not one that controls, or that turns the direction of others."""
    return character in _JOINERS or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn")


def _is_symbol(character: str) -> bool:
    return unicodedata.category(character) in ("So", "Sk", "Mn", "Me")
