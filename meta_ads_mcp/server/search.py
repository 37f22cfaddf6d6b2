"""Rank the tools and prompts of a server for a query in everyday words, and name the nearest ones to an unknown name.

A query is read twice: as concepts of the vocabulary, in eight languages, and as English words that names, keywords,
descriptions and arguments have. Imported at the first search only.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from math import inf, log, sqrt

from meta_ads_mcp.server.search_words import Entry, Vocabulary, load_vocabulary

SIDE_WEIGHT = 0.5
# How much of a concept score depends on how much of the document's definition the query names.
COVERAGE_WEIGHT = 0.4
NAME_WEIGHT = 4
HINT_WEIGHT = 2
# The words of English texts against the concepts.
TEXT_WEIGHT = 0.5
# Similarity from which on a name counts as mistyped.
MIN_SIMILARITY = 0.85
_STOP_WORDS = frozenset(
    "the of an to in on for and or with by is it as at be ads my me we our you your do does did how what which who why "
    "when where are was were can could should that this these those from into per get show list all not no if so "
    "about have has had i a".split()
)
# What other servers put before or after the names of their tools.
_AFFIXES = re.compile(r"^(mcp_+)?((pipeboard|meta|facebook|fb|ads|mcp|marketing|api|business)_+)*|_(tool|v\d+)$")


@dataclass(frozen=True)
class Document:
    """A tool or prompt to be found. `hints` are its toolset and keywords, `text` is its description and arguments."""

    name: str
    hints: str
    text: str


@dataclass(frozen=True)
class IndexedDocument:
    name: frozenset[str]
    hints: frozenset[str]
    text: frozenset[str]
    entry: Entry

    @property
    def words(self) -> frozenset[str]:
        return self.name | self.hints | self.text


NO_ENTRY = Entry(frozenset(), frozenset())


class Search:
    """The index over the documents of one server."""

    def __init__(self, documents: Iterable[Document], vocabulary: Vocabulary | None = None) -> None:
        self._documents = {document.name: document for document in documents}
        self._vocabulary = vocabulary or load_vocabulary()

    def rank(self, query: str) -> list[str]:
        """Return the names of the documents that match, best first. The result may be empty."""
        name = query.strip().casefold()
        concepts = self._vocabulary.match(query)
        words = split_english(query)
        scores = {
            key: self._concept_score(document.entry, concepts) + TEXT_WEIGHT * self._text_score(document, words)
            for key, document in self._index.items()
            if self._is_about(document, concepts, words)
        }
        if name in self._index:
            scores[name] = inf
        return sorted(scores, key=lambda key: -scores[key])

    def nearest(self, name: str, names: Sequence[str], limit: int) -> list[str]:
        """Return those of `names` that an unknown tool name most likely means, best first."""
        foreign = self._vocabulary.foreign_names.get(strip_affixes(name), "").split()
        similar = get_close_matches(name, names, limit, MIN_SIMILARITY)
        ranked = self.rank(name.replace("_", " "))
        allowed = set(names)
        return [each for each in dict.fromkeys([*foreign, *similar, *ranked]) if each in allowed][:limit]

    def _is_about(self, document: IndexedDocument, concepts: dict[str, float], words: set[str]) -> bool:
        """Return whether more than weak words ("show", "who") tie the document to the query."""
        strong = (concepts.keys() & document.entry.concepts) - self._vocabulary.weak
        return bool(strong or words & (document.name | document.hints) or len(words & document.text) > 1)

    def _concept_score(self, entry: Entry, concepts: dict[str, float]) -> float:
        total = sum(self._rarity(concept) for concept in entry.main)
        if not total:
            return 0
        main = sum(self._rarity(concept) * concepts.get(concept, 0) for concept in entry.main)
        side = sum(self._rarity(concept) * concepts.get(concept, 0) for concept in entry.side)
        return (main + SIDE_WEIGHT * side) * (1 - COVERAGE_WEIGHT + COVERAGE_WEIGHT * main / total)

    def _text_score(self, document: IndexedDocument, words: set[str]) -> float:
        """Words in the name weigh most, then those of toolset and keywords, then the rest; rare words more."""
        return sum(
            (NAME_WEIGHT * (word in document.name) + HINT_WEIGHT * (word in document.hints) + (word in document.text))
            / sqrt(self._word_counts[word])
            for word in words & self._word_counts.keys()
        )

    def _rarity(self, concept: str) -> float:
        return log(1 + len(self._documents) / self._concept_counts[concept])

    @cached_property
    def _index(self) -> dict[str, IndexedDocument]:
        return {name: self._indexed(document) for name, document in self._documents.items()}

    def _indexed(self, document: Document) -> IndexedDocument:
        name, hints, text = (frozenset(split_english(part)) for part in (document.name, document.hints, document.text))
        return IndexedDocument(name, hints, text, self._vocabulary.entries.get(document.name, NO_ENTRY))

    @cached_property
    def _word_counts(self) -> Counter[str]:
        return Counter(word for document in self._index.values() for word in document.words)

    @cached_property
    def _concept_counts(self) -> Counter[str]:
        return Counter(concept for document in self._index.values() for concept in document.entry.concepts)


def strip_affixes(name: str) -> str:
    """Return a tool name without what servers put around it: `mcp_meta_ads_get_campaigns` is `get_campaigns`."""
    return _AFFIXES.sub("", name.strip().casefold().replace("-", "_"))


def split_english(text: str) -> set[str]:
    """Return the words in the singular, so that "audience" finds "audiences"."""
    words = re.findall(r"[a-z0-9]+", text.lower().replace("adset", "ad set"))
    return {_singular(word) for word in words if len(word) > 1 and word not in _STOP_WORDS}


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word
