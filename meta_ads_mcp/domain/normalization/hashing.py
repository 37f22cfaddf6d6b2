"""Turn the values of one person into records that Meta matches: normalized, then SHA-256 in lower-case hex.

Source: Meta docs, marketing-api/audiences/guides/custom-audiences#hash: "You can provide some or all multi-keys for a
record". A value that cannot match is left empty and counted; the person is kept as long as one value can match.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from meta_ads_mcp.domain.normalization.birth_dates import split_birth_date
from meta_ads_mcp.domain.normalization.countries import find_country
from meta_ads_mcp.domain.normalization.normalization import (
    IDENTIFYING,
    NOT_HASHED,
    Context,
    Unusable,
    clean_text,
    normalize_value,
)

# A file may have several columns of these keys. Each further value becomes a record of its own.
REPEATABLE = frozenset({"EMAIL", "PHONE", "MADID"})
# A column that is split into the three keys of a birthday.
BIRTH_DATE = "DOB"
BIRTH_KEYS = ("DOBY", "DOBM", "DOBD")

HASH_CHARS = 64
_HASH = re.compile(r"[0-9a-fA-F]{64}")
_NOT_A_HASH = "not a SHA-256 hash"


@dataclass
class Person:
    """The records of one person, each in the order of the schema, and the reasons for values that were left out.

    `usable` counts the values by key. A person without a value that can match has no records.
    """

    records: list[list[str]] = field(default_factory=list)
    usable: Mapping[str, int] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)


def schema_of(columns: Sequence[str]) -> list[str]:
    """Return the keys that the columns of a file provide, each once; DOB stands for DOBY, DOBM and DOBD."""
    keys = (key for column in columns for key in (BIRTH_KEYS if column == BIRTH_DATE else (column,)) if key)
    return list(dict.fromkeys(keys))


def hash_person(
    values: Mapping[str, Sequence[str]], schema: Sequence[str], context: Context, *, already_hashed: bool = False
) -> Person:
    """Hash the values of one person.

    `values` has the cells of each column key, empty ones included; `schema` is the order of the records. The country
    of the values takes precedence over that of the context. With `already_hashed` the values are SHA-256 hashes.
    """
    person = Person()
    country = _country(values)
    if country and country != context.country:
        context = replace(context, country=country)
    values = _with_birth_keys(values, context.country, person) if values.get(BIRTH_DATE) else values
    hashes = {key: _usable_hashes(key, values.get(key, ()), context, person, already_hashed) for key in schema}
    person.usable = {key: len(items) for key, items in hashes.items()}
    if any(hashes[key] for key in IDENTIFYING.intersection(schema)):
        count = max(1, *(len(hashes[key]) for key in schema if key in REPEATABLE), 0)
        person.records = [[_at(hashes[key], index, key) for key in schema] for index in range(count)]
    return person


def _country(values: Mapping[str, Sequence[str]]) -> str:
    return next((code for text in values.get("COUNTRY", ()) if (code := find_country(clean_text(text)))), "")


def _at(hashes: Sequence[str], index: int, key: str) -> str:
    """Return the value of a key in a record. Keys that do not repeat are the same in every record."""
    if key not in REPEATABLE:
        index = 0
    return hashes[index] if index < len(hashes) else ""


def _usable_hashes(key: str, texts: Sequence[str], context: Context, person: Person, already_hashed: bool) -> list[str]:
    hashes = []
    for text in texts:
        if not text.strip():
            continue
        try:
            hashes.append(hash_value(key, text, context, already_hashed=already_hashed))
        except Unusable as unusable:
            person.reasons[str(unusable)] += 1
    return list(dict.fromkeys(hashes)) if key in REPEATABLE else hashes[:1]


def hash_value(key: str, text: str, context: Context, *, already_hashed: bool = False) -> str:
    """Return the hash of a value, or the value itself for a key that is not hashed.

    A value that is a SHA-256 hash already is taken as it is, as Meta's SDK does (serverside Normalize). Raises
    Unusable for a value that Meta cannot match.
    """
    if key in NOT_HASHED:
        return normalize_value(key, text, context)
    value = text.strip()
    if len(value) == HASH_CHARS and _HASH.fullmatch(value):
        return value.lower()
    if already_hashed:
        raise Unusable(f"{key}: {_NOT_A_HASH}")
    return hashlib.sha256(normalize_value(key, text, context).encode()).hexdigest()


def _with_birth_keys(values: Mapping[str, Sequence[str]], country: str, person: Person) -> Mapping[str, Sequence[str]]:
    """Add the parts of a date of birth; columns of their own take precedence."""
    text = next((clean_text(cell) for cell in values[BIRTH_DATE] if cell.strip()), "")
    parts = split_birth_date(text, country)
    if text and not parts[0]:
        person.reasons["DOB: not a date"] += 1
    elif text and not parts[1]:
        person.reasons["DOB: day and month could be exchanged; only the year is used"] += 1
    return {**values, **{key: [*values.get(key, ()), part] for key, part in zip(BIRTH_KEYS, parts, strict=True)}}
