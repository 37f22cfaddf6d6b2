"""Encode the body of a request: a form, or with files a multipart body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus

from meta_ads_mcp.core.request import FilePart

_FORM = "application/x-www-form-urlencoded"
_UNSAFE = re.compile(r"[^A-Za-z0-9_.~-]")


def encode_body(params: Mapping[str, str], files: Mapping[str, FilePart], headers: Mapping[str, str]) -> dict[str, Any]:
    """Return the arguments of httpx for the body, with the headers of the request."""
    if files:
        return {"data": params, "files": files, "headers": headers}
    content = "&".join(f"{quote_plus(name)}={_quote(value)}" for name, value in params.items())
    return {"content": content, "headers": {**headers, "Content-Type": _FORM}}


def _quote(text: str) -> str:
    """Quote a value. `quote_plus` handles each character by itself, which takes seconds for the text of an image."""
    return _UNSAFE.sub(_quote_match, text)


def _quote_match(match: re.Match[str]) -> str:
    return _quote_character(match[0])


@lru_cache(1024)
def _quote_character(character: str) -> str:
    """Quote one character. A lone surrogate, which has no encoding, becomes a question mark."""
    return quote_plus(character, errors="replace")
