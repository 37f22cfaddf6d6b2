"""Write Latin letters of any language with a-z only, as Meta requires for cities and states."""

from __future__ import annotations

import re
import unicodedata

# Letters that stand for two, or whose base letter is not in their Unicode name.
_SPELLINGS = {
    "ß": "ss",
    "æ": "ae",
    "ǽ": "ae",
    "œ": "oe",
    "þ": "th",
    "ð": "d",
    "ŋ": "n",
    "\u0131": "i",  # dotless i
    "ĸ": "k",
    "ə": "e",
    "ɛ": "e",
    "ɔ": "o",
}
_BASE_LETTER = re.compile(r"LATIN (?:SMALL|CAPITAL) LETTER ([A-Z])(?: WITH .+)?")


def to_latin(text: str) -> str:
    """Return the letters of a text as a-z, without accents, blanks, digits and punctuation.

    Returns "" when a letter is not Latin, such as those of Cyrillic or Chinese: a part of a name matches nobody.
    """
    if text.isascii():
        return "".join(filter(str.isalpha, text.lower()))
    letters = [_spell(char) for char in unicodedata.normalize("NFKC", text.lower())]
    return "" if None in letters else "".join(letter for letter in letters if letter)


def _spell(char: str) -> str | None:
    """Return the a-z letters for a character, "" for one that is not a letter, None for another alphabet."""
    if "a" <= char <= "z":
        return char
    if char in _SPELLINGS:
        return _SPELLINGS[char]
    # Marks, digits, punctuation, and modifier letters such as the Hawaiian okina.
    if unicodedata.category(char) not in ("Ll", "Lu", "Lt", "Lo"):
        return ""
    base = _BASE_LETTER.fullmatch(unicodedata.name(char, ""))
    return base[1].lower() if base else None
