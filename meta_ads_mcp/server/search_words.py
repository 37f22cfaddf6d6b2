"""Read the words of a search: which concepts of `vocabulary.toml` a text in one of eight languages is about.

The file explains its format. Nothing is read before the first search.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("vocabulary.toml")
LANGUAGES = ("en", "de", "es", "pt", "fr", "it", "nl", "ja")
# Languages that write compounds as one word ("Tagesbudget", "klantenlijst").
COMPOUNDING = frozenset({"de", "nl"})
# Letters of a stem from which on any ending, or a few letters of ending, may follow.
OPEN_STEM = 5
SHORT_STEM = 4
MAX_SHORT_ENDING = 4
MIN_PART_START = 3
# Words that may stand between two words of a phrase, and at a "~" in it: "turn the new campaign off".
MAX_GAP = 1
MAX_WIDE_GAP = 5
WIDE_GAP = "~"
# How much a word counts that is not of the language in which most of the text is written.
FOREIGN_WEIGHT = 0.5
_ACCENTS = re.compile("[\u0300-\u036f]")
_UMLAUTS = re.compile("([aou])e")
_AB_TEST = re.compile(r"\ba\s*[/-]\s*b\b")
_WORDS = re.compile("[a-z0-9]+")
_FORM_WORDS = re.compile(f"[a-z0-9]+|{WIDE_GAP}")

Senses = dict[str, set[str]]
"""Concept -> languages in which a form means it."""


def fold(text: str) -> str:
    """Return the text without case, accents and differences of width; "ae" is "a", as "ä" is. Japanese stays."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = unicodedata.normalize("NFKC", _ACCENTS.sub("", plain))
    return _UMLAUTS.sub(r"\1", _AB_TEST.sub("ab", plain))


def split_words(text: str) -> list[str]:
    return _WORDS.findall(text)


@dataclass(frozen=True)
class Entry:
    """The concepts of a tool or prompt: those that define it, and those that it also has to do with."""

    main: frozenset[str]
    side: frozenset[str]

    @property
    def concepts(self) -> frozenset[str]:
        return self.main | self.side


class Vocabulary:
    """The forms of all concepts, indexed for matching, and the concepts of tools and prompts.

    `document` has the keys of `vocabulary.toml`.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.concepts: Mapping[str, Mapping[str, str]] = document["concepts"]
        self.weak = frozenset(document["weak"])
        self.foreign_names: Mapping[str, str] = document["foreign_names"]
        self.entries = {
            name: _entry(texts) for group in ("tools", "prompts") for name, texts in document[group].items()
        }
        self._stems: dict[str, Senses] = {}
        self._phrases: dict[tuple[str, ...], Senses] = {}
        self._japanese: dict[str, Senses] = {}
        for concept, language, form in _forms(self.concepts):
            self._add(concept, language, form)

    def match(self, text: str) -> dict[str, float]:
        """Return the concepts that the text is about, with weights up to 1."""
        folded = fold(text)
        words = split_words(folded)
        matches = [*self._match_phrases(words), *self._match_words(words), *self._match_japanese(folded)]
        return _weigh(matches)

    def _add(self, concept: str, language: str, form: str) -> None:
        folded = fold(form)
        words = tuple(_FORM_WORDS.findall(folded))
        if language == "ja" and words != (folded,):
            target: Any = self._japanese.setdefault(folded, {})
        elif len(words) == 1:
            target = self._stems.setdefault(words[0], {})
        else:
            target = self._phrases.setdefault(words, {})
        target.setdefault(concept, set()).add(language)

    @cached_property
    def _ordered_phrases(self) -> list[tuple[tuple[str, ...], Senses]]:
        return sorted(self._phrases.items(), key=lambda item: -len("".join(item[0])))

    @cached_property
    def _longest_japanese(self) -> int:
        return max(map(len, self._japanese))

    def _match_phrases(self, words: list[str]) -> Iterator[Senses]:
        """Yield the phrases in the text, longest first, and blank their words."""
        for phrase, senses in self._ordered_phrases:
            positions = _find_phrase(phrase, words)
            if positions:
                for position in positions:
                    words[position] = ""
                yield senses

    def _match_words(self, words: list[str]) -> Iterator[Senses]:
        for word in filter(None, words):
            yield from self._match_word(word)

    def _match_word(self, word: str) -> list[Senses]:
        """Return the senses of the longest stem of the word, and of the known parts of a compound."""
        head = next((word[:end] for end in range(len(word), 0, -1) if word[:end] in self._stems), "")
        parts = list(self._compound_parts(word, len(head)))
        closes = _matches(word, head) if head else False
        return ([self._stems[head]] if closes or (head and parts) else []) + parts

    def _compound_parts(self, word: str, start: int) -> Iterator[Senses]:
        """Yield the senses of German and Dutch stems inside the word, from left to right."""
        position = max(start, MIN_PART_START)
        while position <= len(word) - OPEN_STEM:
            ends = range(len(word), position + OPEN_STEM - 1, -1)
            stem = next((word[position:end] for end in ends if word[position:end] in self._compound_stems), None)
            if stem is None:
                position += 1
                continue
            yield self._compound_stems[stem]
            position += len(stem)

    @cached_property
    def _compound_stems(self) -> dict[str, Senses]:
        kept = {
            stem: {concept: languages & COMPOUNDING for concept, languages in senses.items() if languages & COMPOUNDING}
            for stem, senses in self._stems.items()
            if len(stem) >= OPEN_STEM
        }
        return {stem: senses for stem, senses in kept.items() if senses}

    def _match_japanese(self, text: str) -> Iterator[Senses]:
        position = 0
        while position < len(text):
            ends = range(min(len(text), position + self._longest_japanese), position, -1)
            form = next((text[position:end] for end in ends if text[position:end] in self._japanese), None)
            if form is not None:
                yield self._japanese[form]
            position += len(form) if form else 1


@cache
def load_vocabulary() -> Vocabulary:
    """Return the vocabulary, which nobody changes."""
    return Vocabulary(tomllib.loads(FILE.read_text(encoding="utf-8")))


def _entry(texts: list[str]) -> Entry:
    main, *side = (frozenset(text.split()) for text in texts)
    return Entry(main, frozenset().union(*side))


def _forms(concepts: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str, str]]:
    for concept, languages in concepts.items():
        for language, forms in languages.items():
            yield from ((concept, language, form.strip()) for form in forms.split(",") if form.strip())


def _matches(word: str, stem: str) -> bool:
    ending = len(word) - len(stem)
    if not word.startswith(stem):
        return False
    return ending == 0 or len(stem) >= OPEN_STEM or (len(stem) == SHORT_STEM and ending <= MAX_SHORT_ENDING)


def _find_phrase(phrase: tuple[str, ...], words: list[str]) -> list[int]:
    """Return the positions of the phrase's words, in order, where the gaps between them are small enough."""
    for start, word in enumerate(words):
        if _matches(word, phrase[0]):
            positions = _follow_phrase(phrase[1:], words, start)
            if positions:
                return [start, *positions]
    return []


def _follow_phrase(rest: tuple[str, ...], words: list[str], last: int) -> list[int]:
    """Return the positions of the other words of a phrase after the position `last`, or none."""
    positions: list[int] = []
    gap = MAX_GAP
    for stem in rest:
        if stem == WIDE_GAP:
            gap = MAX_WIDE_GAP
            continue
        window = range(last + 1, min(len(words), last + 2 + gap))
        position = next((index for index in window if _matches(words[index], stem)), None)
        if position is None:
            return []
        positions.append(position)
        last, gap = position, MAX_GAP
    return positions


def _weigh(matches: list[Senses]) -> dict[str, float]:
    """Weigh each concept by whether a form of the language that matched most often means it."""
    votes: dict[str, int] = dict.fromkeys(LANGUAGES, 0)
    for senses in matches:
        for language in set().union(*senses.values()):
            votes[language] += 1
    most = max(votes.values())
    spoken = {language for language, count in votes.items() if count == most}
    weights: dict[str, float] = {}
    for senses in matches:
        for concept, languages in senses.items():
            weight = 1.0 if languages & spoken else FOREIGN_WEIGHT
            weights[concept] = max(weight, weights.get(concept, 0))
    return weights
