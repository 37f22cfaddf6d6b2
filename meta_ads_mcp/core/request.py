"""Describe one Graph request as a value, and fill its path safely."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from meta_ads_mcp.core.values.text import replace_lone_surrogates
from meta_ads_mcp.errors import InvalidArguments

Method = Literal["GET", "POST", "DELETE"]
# How long a request may take; the seconds per class are the client's.
Patience = Literal["normal", "insights", "upload"]

# A file's name, its content and its mime type.
FilePart = tuple[str, bytes, str]

_ID = re.compile(r"act_[0-9]{1,30}|[0-9]{1,30}(_[0-9]{1,30})?|me")
_EDGE = re.compile(r"[a-z][a-z_]{0,63}")
_PLACE = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Request:
    """A request below the version: `path` has no leading slash, `params` hold Python values (never a token).

    `kind` is the SDK class of the first object in the path, where the caller knows it. `account` is the ad account
    (`act_…`) whose limits the request counts on. `page` is the Page whose own token it requires. `repeatable`
    tells whether sending it twice is the same as once. `files` are the file parts of a POST's multipart body.
    """

    method: Method
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    account: str | None = None
    page: str | None = None
    patience: Patience = "normal"
    repeatable: bool = True
    write: bool = False
    budget_change: bool = False
    spend_limit_change: bool = False
    files: Mapping[str, FilePart] = field(default_factory=dict)
    kind: str | None = None

    @property
    def edge(self) -> str:
        """Return the edge of the path, such as `adsets`; empty for the object itself."""
        return self.path.partition("/")[2]


def confine(template: str, values: Mapping[str, str]) -> str:
    """Return the template's path with each `{name}` filled by an id or `me`; the rest of it is ids and names of edges.

    Every path of this server goes through here, so no value can add a segment, a query or a host. Raises
    InvalidArguments for anything else.
    """
    path = _PLACE.sub(lambda match: _check_id(values[match.group(1)]), template)
    for segment in path.split("/"):
        if not _EDGE.fullmatch(segment):
            _check_id(segment)
    return path


def places(template: str) -> list[str]:
    """Return the names in braces."""
    return _PLACE.findall(template)


def _check_id(value: str) -> str:
    if not _ID.fullmatch(value):
        raise InvalidArguments(
            "An id in this call is not an id.", "Ids are ASCII digits; account ids may start with act_."
        )
    return value


def wire(value: Any) -> str:
    """Encode a parameter for Graph: JSON for lists and objects, `true`/`false`, text for the rest.

    Half of a surrogate pair, which has no encoding, becomes the replacement character U+FFFD.
    """
    if isinstance(value, str):
        return replace_lone_surrogates(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple, dict)):
        return replace_lone_surrogates(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    return str(value)
