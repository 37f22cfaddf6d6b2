"""What an answer of Graph means: (code, subcode, status, message) → the error to raise, and whether a read may repeat.

One table, in the order of graph-api error codes. Meta asks clients to branch on the codes alone, because the texts may
change; the two places where only the text tells (`ids`, "reduce the amount of data") are named in the table.
Sources: Meta docs, graph-api/guides/error-handling, marketing-api/error-reference, marketing-api/insights/error-codes,
marketing-api/overview/rate-limiting.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from meta_ads_mcp.core.values.text import clean
from meta_ads_mcp.errors import (
    AdsError,
    ApiError,
    Blocked,
    DataLimit,
    GraphError,
    InvalidArguments,
    NotFound,
    PermissionMissing,
    Throttled,
    TokenProblem,
    Transient,
)

REDUCE_DATA = "reduce the amount of data"
_TOKEN_STEPS = {
    458: "The app was removed from this user's account. Log in again: `meta-ads-mcp login`.",
    459: "Meta wants the user to log in at facebook.com first (checkpoint). Then log in again: `meta-ads-mcp login`.",
    460: "The user's password was changed, which ends the token. Log in again: `meta-ads-mcp login`.",
    463: "The token has expired. Get a new one and run `meta-ads-mcp login`.",
    464: "The user's account is not confirmed. Confirm it at facebook.com, then run `meta-ads-mcp login`.",
    467: "The token was revoked or is invalid. Get a new one and run `meta-ads-mcp login`.",
    492: "The user has lost the role on the Page that this token needs. Restore it, then run `meta-ads-mcp login`.",
}


@dataclass(frozen=True)
class ErrorRule:
    """An error class, whether the same read may be sent again at once, and what to do in our words.

    `wait_s` is how long to stay away where neither the headers nor the text of a refusal say it.
    """

    error: type[AdsError]
    retry: bool = False
    next_step: str = ""
    wait_s: int = 60


_WAIT = "Meta is limiting calls. Wait for `retry_after_seconds`; calling sooner makes the limit last longer."
_SPLIT = (
    "Split the date range, the ids or the fields, ask for unique metrics separately, or run an asynchronous report."
)
_SCOPES = "Give the token the missing permission (ads_read to read, ads_management to change), or its user the role."
_VIDEO = "Check the video file or its address; Meta could not take it."
_SAME = "Correct what Meta names and call again; the same call will be refused again."

_BLOCKED = ErrorRule(Blocked, wait_s=1800)

_BY_SUBCODE: dict[tuple[int, int], ErrorRule] = {
    (1, 99): ErrorRule(
        InvalidArguments, next_step="Check `level` and the fields: this combination is not one that Graph knows."
    ),
    (1, 2853001): ErrorRule(PermissionMissing, next_step="Link the profile to its Page in Business settings."),
    (2, 1504041): ErrorRule(InvalidArguments, next_step="Use a combination of breakdowns that Meta allows."),
    (2, 1504042): ErrorRule(InvalidArguments, next_step="Leave out the custom metric; Graph does not know it."),
    (2, 1504038): ErrorRule(DataLimit, next_step=_SPLIT),
    (2, 1504043): ErrorRule(Transient, retry=True),
    (2, 1504044): ErrorRule(Transient, retry=True),
    (4, 1504022): ErrorRule(Throttled, next_step=_WAIT, wait_s=120),
    (4, 1504039): ErrorRule(Throttled, next_step=_WAIT, wait_s=120),
    (17, 1885172): ErrorRule(
        Throttled, next_step="An account's spend limit can change ten times a day. Wait until tomorrow.", wait_s=86_400
    ),
    (100, 33): ErrorRule(NotFound),
    (100, 1487534): ErrorRule(DataLimit, next_step=_SPLIT),
    (100, 1504018): ErrorRule(DataLimit, next_step=_SPLIT),
    (100, 3191001): ErrorRule(PermissionMissing, next_step=_SCOPES),
    (100, 1713230): ErrorRule(PermissionMissing, next_step="Meta has flagged this audience; see it in Ads Manager."),
    (100, 1713232): ErrorRule(
        PermissionMissing, next_step="Meta has flagged the source audience; see it in Ads Manager."
    ),
    (200, 1870034): ErrorRule(PermissionMissing, next_step="Accept the Custom Audience terms in Ads Manager."),
    (200, 1870090): ErrorRule(PermissionMissing, next_step="Accept the Custom Audience terms in Ads Manager."),
    (200, 1870047): ErrorRule(
        InvalidArguments, next_step="The audience would become too small; keep more people in it."
    ),
    (200, 1870050): ErrorRule(PermissionMissing, next_step="Add the ad account to a business in Business settings."),
    (613, 1996): ErrorRule(
        Blocked, next_step="Meta saw an abrupt change of call volume. Make no call for an hour.", wait_s=3600
    ),
    (613, 1487632): ErrorRule(
        Throttled, next_step="A budget can change four times an hour. Wait an hour for this ad set.", wait_s=3600
    ),
    (613, 1487225): ErrorRule(
        Throttled, next_step="The number of new ads depends on daily spend. Create the rest later.", wait_s=3600
    ),
    (613, 5044001): ErrorRule(Throttled, next_step="Too many changes in one second. Wait a moment.", wait_s=5),
    (2654, 1713092): ErrorRule(PermissionMissing, next_step="This token may not create audiences in the account."),
}

# A negative code is an internal one of Meta's; only the subcode says which.
_INTERNAL: dict[int, ErrorRule] = {
    2490547: ErrorRule(Transient, next_step="The report failed at Meta. Run it again later."),
    1504045: ErrorRule(DataLimit, next_step=_SPLIT),
}

_BY_CODE: dict[int, ErrorRule] = {
    1: ErrorRule(Transient, retry=True),
    2: ErrorRule(Transient, retry=True),
    3: ErrorRule(
        PermissionMissing,
        next_step="The app lacks this capability. Some, such as bid_adjustments, Meta gives to allow-listed apps only: "
        "leave the argument out, or ask Meta for it.",
    ),
    4: ErrorRule(Throttled, next_step=_WAIT),
    10: ErrorRule(PermissionMissing, next_step=_SCOPES),
    17: ErrorRule(Throttled, next_step=_WAIT),
    32: ErrorRule(Throttled, next_step=_WAIT),
    100: ErrorRule(InvalidArguments, next_step=_SAME),
    104: ErrorRule(
        TokenProblem, next_step="META_APP_SECRET is not the secret of the app that issued the token. Correct it."
    ),
    105: ErrorRule(InvalidArguments, next_step="Pass fewer arguments."),
    194: ErrorRule(InvalidArguments, next_step=_SAME),
    283: ErrorRule(PermissionMissing, next_step="Give the token pages_read_engagement."),
    294: ErrorRule(PermissionMissing, next_step="Give the token ads_management."),
    300: ErrorRule(InvalidArguments, next_step=_SAME),
    341: ErrorRule(Throttled, next_step=_WAIT),
    351: ErrorRule(InvalidArguments, next_step=_VIDEO),
    352: ErrorRule(InvalidArguments, next_step=_VIDEO),
    368: _BLOCKED,
    382: ErrorRule(InvalidArguments, next_step=_VIDEO),
    389: ErrorRule(InvalidArguments, next_step="Meta could not fetch the file from its address. Make it public."),
    506: ErrorRule(InvalidArguments, next_step="The same post is already there."),
    613: ErrorRule(Throttled, next_step=_WAIT),
    801: ErrorRule(InvalidArguments, next_step=_SAME),
    803: ErrorRule(NotFound),
    2500: ErrorRule(InvalidArguments, next_step="Check the names in `fields`."),
    2606: ErrorRule(InvalidArguments, next_step="This creative cannot be previewed in that format."),
    2635: ErrorRule(
        InvalidArguments, next_step="Set META_API_VERSION to a version that Meta still serves, such as v26.0."
    ),
    2641: ErrorRule(InvalidArguments, next_step="Leave out the restricted locations."),
    2650: ErrorRule(
        InvalidArguments, next_step="Another upload into this audience may be running; look, then try again."
    ),
    2654: ErrorRule(InvalidArguments, next_step=_SAME),
    2663: ErrorRule(PermissionMissing, next_step="Accept the Custom Audience terms in Ads Manager."),
    2695: ErrorRule(InvalidArguments, next_step="The campaign has as many ad sets as its iOS 14 limit allows."),
    3018: ErrorRule(InvalidArguments, next_step="Start the range within the last 37 months."),
    6000: ErrorRule(InvalidArguments, next_step=_VIDEO),
    6001: ErrorRule(InvalidArguments, next_step=_VIDEO),
}

_RANGES: list[tuple[range, ErrorRule]] = [
    (range(80000, 80015), ErrorRule(Throttled, next_step=_WAIT)),
    (range(200, 300), ErrorRule(PermissionMissing, next_step=_SCOPES)),
    (range(1487000, 1490000), ErrorRule(InvalidArguments, next_step=_SAME)),
    (range(1870000, 1890000), ErrorRule(InvalidArguments, next_step=_SAME)),
]

_DYNAMIC = (
    "A dynamic creative needs an ad set that was created with is_dynamic_creative=true; it cannot be set later. "
    "Create a new ad set with it, or use a creative with one text and one image."
)
# Subcodes that users report with creations and updates; Meta documents none of them, so the code does not matter here.
_HINTS: dict[int, str] = {
    1504040: "attribution_spec cannot be changed later: create a new ad set with it.",
    1815198: "frequency_control_specs cannot be changed later: create a new ad set with them.",
    1815715: "destination_type ON_AD does not go with this campaign's objective: choose another of them.",
    1885154: "The ad set promotes no Page: create a new one with promoted_object.page_id, which cannot be set later.",
    1885553: f"{_DYNAMIC} A carousel has 2 to 10 cards, each with a link and an image or a video.",
    1885998: _DYNAMIC,
    2490085: "The crop 191x100 is retired: leave it out of image_crops, or use 100x100.",
    3858504: "Leave standard_enhancements out: name the single features in creative_features_spec.",
}


def find_rule(error: GraphError) -> ErrorRule:
    """The row of the table for an error, with a hint where only the subcode tells what to do."""
    row = _row(error)
    hint = _HINTS.get(error.subcode or error.code)
    return replace(row, next_step=hint) if hint and row.error in (InvalidArguments, ApiError) else row


def _row(error: GraphError) -> ErrorRule:
    return (
        _by_text(error)
        or _by_subcode(error.code, error.subcode or 0)
        or _BY_CODE.get(error.code)
        or next((row for codes, row in _RANGES if error.code in codes), None)
        or _by_status(error)
    )


def _by_subcode(code: int, subcode: int) -> ErrorRule | None:
    if subcode == 1487742:
        return _BLOCKED
    if code in (102, 190):
        return ErrorRule(TokenProblem, next_step=_TOKEN_STEPS.get(subcode, ""))
    if code < 0:
        return _INTERNAL.get(subcode, ErrorRule(Transient, retry=True))
    return _BY_SUBCODE.get((code, subcode))


def _by_text(error: GraphError) -> ErrorRule | None:
    """Where only the text tells: a status of 500 that is no outage, and two meanings of code 1 and 100.

    100 with subcode 33 names missing permissions too, as one of three possible causes.
    """
    text = error.message.lower()
    if "ids query parameter is deprecated" in text:
        return ErrorRule(InvalidArguments, next_step="Report this as a defect: the server must not use `ids`.")
    if error.code == 1 and REDUCE_DATA in text:
        return ErrorRule(DataLimit, next_step=_SPLIT)
    if error.code == 100 and error.subcode is None and "missing permission" in text:
        return ErrorRule(PermissionMissing, next_step=_SCOPES)
    if error.code == 100 and "after cursor" in text:
        return ErrorRule(DataLimit, next_step="Narrow the list with a filter; Graph pages only so deep.")
    return None


def _by_status(error: GraphError) -> ErrorRule:
    status = error.http_status or 400
    if error.is_transient or status >= 500 or status == 408:
        return ErrorRule(Transient, retry=True)
    if 300 <= status < 400:
        return ErrorRule(
            ApiError, next_step="This server follows no redirect. Look whether META_ADS_GRAPH_URL is right."
        )
    if status == 429:
        return ErrorRule(Throttled, next_step=_WAIT)
    if status == 404:
        return ErrorRule(NotFound)
    return ErrorRule(ApiError, next_step=_SAME)


def to_ads_error(error: GraphError, regain_s: int | None = None) -> tuple[AdsError, bool]:
    """The error to raise, in our words with Meta's own message, and whether a read may be sent again.

    `regain_s` is the wait in seconds that the headers name; an error of throttling always says one.
    """
    row = find_rule(error)
    told = error.user_message or error.message or "no message"
    headline = {
        Throttled: "Meta is throttling these calls",
        Blocked: "Meta has blocked these calls for a while",
        TokenProblem: "Meta does not accept the token",
        PermissionMissing: "This token may not do that",
        NotFound: "Meta does not find the object, or this token cannot see it",
        DataLimit: "Meta finds this request too large",
        Transient: "Meta had a passing fault",
        InvalidArguments: "Meta refused the request",
        ApiError: "Meta refused the request",
    }[row.error]
    code = f" ({error.code}/{error.subcode})" if error.subcode else f" ({error.code})" if error.code else ""
    sentence = f"{headline}{code}: {told.rstrip('. ')}."
    wait_s = max(error.retry_after_seconds or 0, regain_s or 0) or row.wait_s
    limited = issubclass(row.error, Throttled)
    return row.error(sentence, row.next_step, graph=error, retry_after_seconds=wait_s if limited else None), row.retry


def parse_error(body: Any, status: int) -> GraphError | None:
    """The error in a decoded body, or None. Tolerates missing keys, wrong types and `error_data` as JSON text."""
    if not isinstance(body, Mapping) or not body.get("error"):
        return None
    raw = body["error"]
    if isinstance(raw, str) and status >= 400:
        # The form of OAuth 2: a word, and a sentence beside it.
        said = ": ".join(part for part in (raw, body.get("error_description")) if isinstance(part, str))
        return GraphError(code=0, message=clean(said, 1000), http_status=status)
    if not isinstance(raw, Mapping):
        return None
    told, data = _text(raw, "error_user_msg"), _error_data(raw)
    message = _text(raw, "message") or ""
    return GraphError(
        code=_number(raw.get("code")) or 0,
        message=message,
        subcode=_number(raw.get("error_subcode")),
        type=_text(raw, "type"),
        fbtrace_id=_text(raw, "fbtrace_id"),
        user_title=_text(raw, "error_user_title"),
        user_message=told,
        blame_fields=_blamed(data),
        is_transient=raw.get("is_transient") is True,
        http_status=status,
        retry_after_seconds=_retry_hint(f"{told or ''} {message}"),
        offsets=_offsets(data),
    )


def _text(raw: Mapping[str, Any], key: str) -> str | None:
    value = raw.get(key)
    return clean(value, 1000) if isinstance(value, str) and value else None


def _number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    return int(value) if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,12}", value) else None


def _error_data(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """`error_data`, which may be an object or an object in JSON text; empty when it is neither."""
    data = raw.get("error_data")
    if isinstance(data, str):
        try:
            data = json.loads(data)
        except (ValueError, RecursionError):
            return {}
    return data if isinstance(data, Mapping) else {}


def _offsets(data: Mapping[str, Any]) -> tuple[int, int] | None:
    """Where a chunked upload goes on after a part that failed (SDK: video_uploader)."""
    start, end = _number(data.get("start_offset")), _number(data.get("end_offset"))
    return None if start is None or end is None else (start, end)


def _blamed(data: Mapping[str, Any]) -> tuple[str, ...]:
    """`blame_field_specs` as dotted paths."""
    specs = data.get("blame_field_specs")
    if not isinstance(specs, list):
        return ()
    paths = [spec if isinstance(spec, list) else [spec] for spec in specs]
    return tuple(clean(".".join(str(step) for step in path), 200) for path in paths[:20])


_MINUTES = re.compile(r"(?:in|for|after|wait)\s+(?:about\s+)?([0-9]{1,4})\s*(second|minute|hour)", re.IGNORECASE)


def _retry_hint(text: str) -> int | None:
    """Seconds to wait, where the text names a time ("try again in 5 minutes")."""
    match = _MINUTES.search(text)
    if match is None:
        return None
    return int(match[1]) * {"second": 1, "minute": 60, "hour": 3600}[match[2].lower()]
