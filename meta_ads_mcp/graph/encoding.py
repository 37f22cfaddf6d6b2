"""The body of a POST: a form, or with files a multipart one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus

from meta_ads_mcp.core.request import FilePart

_FORM = "application/x-www-form-urlencoded"
_UNSAFE = re.compile(r"[^A-Za-z0-9_.~-]")


def body(params: Mapping[str, str], files: Mapping[str, FilePart], headers: Mapping[str, str]) -> dict[str, Any]:
    """The arguments of httpx for it, with the headers of the request."""
    if files:
        return {"data": params, "files": files, "headers": headers}
    content = "&".join(f"{quote_plus(name)}={_quoted(value)}" for name, value in params.items())
    return {"content": content, "headers": {**headers, "Content-Type": _FORM}}


def _quoted(text: str) -> str:
    """As `quote_plus`, which looks up each letter by itself: that takes seconds for the text of an image."""
    return _UNSAFE.sub(_letter, text)


def _letter(found: re.Match[str]) -> str:
    return _quoted_letter(found[0])


@lru_cache(1024)
def _quoted_letter(letter: str) -> str:
    """Half a surrogate pair, which no encoding has, becomes a question mark."""
    return quote_plus(letter, errors="replace")
