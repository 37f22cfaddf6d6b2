"""Find out which column of a customer file holds which of Meta's keys."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from meta_ads_mcp.domain.normalization.hashing import BIRTH_DATE, REPEATABLE
from meta_ads_mcp.domain.normalization.normalization import KEYS
from meta_ads_mcp.errors import InvalidArguments

# The word of schema for a column that is left out.
SKIP = "SKIP"
_SEPARATORS = (",", ";", "\t", "|")
# Names of columns, in lower case without blanks and punctuation: those of Meta's customer list template (Meta Business
# Help Center, "How to format a customer list"), and the usual English ones.
_NAMES = {
    **{key.lower().replace("_", ""): key for key in (*KEYS, BIRTH_DATE)},
    **dict.fromkeys(("emailaddress",), "EMAIL"),
    **dict.fromkeys(("phonenumber", "telephone", "telephonenumber", "mobile", "mobilephone", "mobilenumber"), "PHONE"),
    **dict.fromkeys(("firstname", "givenname"), "FN"),
    **dict.fromkeys(("lastname", "surname", "familyname"), "LN"),
    **dict.fromkeys(("firstinitial",), "FI"),
    **dict.fromkeys(("city",), "CT"),
    **dict.fromkeys(("state", "province"), "ST"),
    **dict.fromkeys(("zipcode", "postalcode", "postcode"), "ZIP"),
    **dict.fromkeys(("countrycode",), "COUNTRY"),
    **dict.fromkeys(("gender",), "GEN"),
    **dict.fromkeys(("dateofbirth", "birthdate", "birthday"), "DOB"),
    **dict.fromkeys(("birthyear", "yearofbirth"), "DOBY"),
    **dict.fromkeys(("birthmonth",), "DOBM"),
    **dict.fromkeys(("mobileadvertiserid", "idfa", "aaid"), "MADID"),
    **dict.fromkeys(("externalid",), "EXTERN_ID"),
}
# Columns of Meta's template that the API takes in other ways only.
_UNSUPPORTED = {
    "age": "the API has no key for it",
    "uid": "it needs the ids of an app",
    "value": "it is for value-based audiences",
}
# A name longer than this, or with these characters, may be somebody's data, so it is not repeated.
MAX_NAME_CHARS = 40
_DATA = re.compile(r"@|[0-9]{4}")


@dataclass(frozen=True)
class Layout:
    """How a file is read: its separator, the key of each column ("" for one that is left out), its first lines.

    `left_out` names the columns that are not used, each with the reason.
    """

    separator: str
    columns: tuple[str, ...]
    header_lines: int
    left_out: tuple[str, ...] = ()


def find_layout(
    lines: Sequence[str], schema: Sequence[str] | None = None, column_map: Mapping[str, str] | None = None
) -> Layout:
    """Find the layout from the first lines of a file.

    The header names the columns; `column_map` gives the key (or SKIP) for names of the advertiser's own. `schema` has
    the key of each column of a file without a header. Raises InvalidArguments for a file whose columns are not named.
    """
    mapping = {name.strip().lower(): _key_or_empty(key) for name, key in (column_map or {}).items()}
    skip, separators = _excel_separator(lines[0] if lines else "")
    first = lines[skip] if len(lines) > skip else ""
    splits = {mark: _split(first, mark) for mark in separators}
    mark = max(separators, key=lambda mark: sum(_key(name, mapping) is not None for name in splits[mark]))
    names = splits[mark]
    missing = sorted(mapping.keys() - {name.lower() for name in names})
    if missing and schema is None and mapping.keys() == set(missing):
        raise _no_column(missing[0])
    if not _is_header(names, mapping):
        return replace(_without_header(splits, schema), header_lines=skip)
    if schema is not None and [_key_or_empty(key) for key in schema] != [_key(name, mapping) or "" for name in names]:
        raise InvalidArguments("The header of the file names other columns than schema.", "Leave out schema.")
    if missing:
        raise _no_column(missing[0])
    return _named_layout(mark, names, mapping, skip + 1)


def _no_column(name: str) -> InvalidArguments:
    return InvalidArguments(
        f"The file has no column {name!r}.", "Give the names of column_map as they are in the first line."
    )


def _excel_separator(line: str) -> tuple[int, Sequence[str]]:
    """Return the lines to skip and the possible separators; a spreadsheet's `sep=;` line names it."""
    match = re.fullmatch(r'"?sep=(.)"?', line.strip("\r\n"), re.IGNORECASE)
    return (1, (match[1],)) if match else (0, _SEPARATORS)


def _split(line: str, mark: str) -> list[str]:
    cells = next(csv.reader([line.strip("\r\n")], delimiter=mark), [])
    return [cell.strip() for cell in cells]


def _key(name: str, mapping: Mapping[str, str]) -> str | None:
    """Return the key of a column name, "" for a known column that is left out, None for an unknown name."""
    if name.lower() in mapping:
        return mapping[name.lower()]
    parts = [re.sub(r"[\W_]", "", part.lower()).rstrip("0123456789") for part in name.split("/")]
    if set(parts) <= _UNSUPPORTED.keys():
        return ""
    keys = {_NAMES.get(part) for part in parts} - {None}
    return keys.pop() if len(keys) == 1 else None


def _is_header(names: Sequence[str], mapping: Mapping[str, str]) -> bool:
    return any(_key(name, mapping) for name in names) and not any("@" in name for name in names)


def _key_or_empty(key: str) -> str:
    return "" if key == SKIP else key


def _without_header(splits: Mapping[str, Sequence[str]], schema: Sequence[str] | None) -> Layout:
    """Apply schema to a file without a header. Its first line is people's data, so no message repeats it."""
    if schema is None:
        raise InvalidArguments(
            "The first line of the file does not name its columns by Meta's keys.",
            "Name them there, such as EMAIL,PHONE,FN,LN; map your own names with column_map; or give schema for a file "
            "without a header.",
            allowed=(*KEYS, BIRTH_DATE),
        )
    mark = max(splits, key=lambda mark: len(splits[mark]) == len(schema))
    return _drop_duplicates(
        Layout(mark, tuple(_key_or_empty(key) for key in schema), 0), [f"column {n}" for n in range(1, len(schema) + 1)]
    )


def _named_layout(mark: str, names: Sequence[str], mapping: Mapping[str, str], header_lines: int) -> Layout:
    keys = [_key(name, mapping) for name in names]
    labels = [_label(name, number) for number, name in enumerate(names, 1)]
    reasons = [
        f"{label} ({_UNSUPPORTED.get(name.lower(), 'not a key of Meta')})"
        for label, name, key in zip(labels, names, keys, strict=True)
        if not key and name.lower() not in mapping
    ]
    layout = Layout(mark, tuple(key or "" for key in keys), header_lines, tuple(reasons))
    return _drop_duplicates(layout, labels)


def _drop_duplicates(layout: Layout, labels: Sequence[str]) -> Layout:
    """Leave out a second column of a key that a person has once, such as a second last name."""
    columns, reasons = list(layout.columns), list(layout.left_out)
    for index, key in enumerate(layout.columns):
        if key and key not in REPEATABLE and key in columns[:index]:
            columns[index] = ""
            reasons.append(f"{labels[index]} (a second column of {key})")
    return replace(layout, columns=tuple(columns), left_out=tuple(reasons))


def _label(name: str, number: int) -> str:
    return name if 0 < len(name) <= MAX_NAME_CHARS and not _DATA.search(name) else f"column {number}"
