"""Read Graph's error envelope and find out what it means: error body → GraphError → row of the table → AdsError."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
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
from meta_ads_mcp.graph.error_table import (
    FORBIDDEN,
    NO_SUCH_OBJECT,
    OTHER_REFUSAL,
    REDIRECT,
    REPEAT_FAILS,
    REPEAT_MAY_HELP,
    REPORTED_STEPS,
    RULES,
    TEXT_RULES,
    TOO_MANY_REQUESTS,
    TRANSIENT_STATUS,
    UNAUTHORIZED,
    ErrorRule,
)
from meta_ads_mcp.graph.limits.calls import GraphCall
from meta_ads_mcp.graph.limits.headers import parse_usage_headers
from meta_ads_mcp.graph.limits.outcome import Outcome

_MAX_TEXT_CHARS = 1000
_RETRY_REQUEST = re.compile(
    r"(try|retry)\b.{0,40}\b(again|later)|please retry|temporar(y|ily)|timed? ?out", re.IGNORECASE
)
# Meta ends many messages with a pointer to its documentation, which leads a model away from the next step.
_BOILERPLATE = re.compile(r"\s*Please read the Graph API documentation at \S+")
_HEADLINES: dict[type[AdsError], str] = {
    Throttled: "Meta is throttling these calls",
    Blocked: "Meta has blocked these calls for a while",
    TokenProblem: "Meta does not accept the token",
    PermissionMissing: "This token may not do that",
    NotFound: "Meta does not find the object, or this token cannot see it",
    DataLimit: "Meta finds this request too large",
    Transient: "Meta had a temporary fault",
    InvalidArguments: "Meta refused the request",
    ApiError: "Meta refused the request",
}


def classify(call: GraphCall, status: int, headers: Mapping[str, str], error: GraphError | None) -> Outcome:
    """Read a response once: its usage headers, and the row of the error table where it is an error."""
    rule = None if error is None else find_rule(error, call.use_case)
    return Outcome(status, tuple(parse_usage_headers(headers, call)), error, rule)


def find_rule(error: GraphError, use_case: str = "") -> ErrorRule:
    """Return the row for an error of a call of that use case; one for its HTTP status where the code is unknown."""
    rule = _rule_by_text(error) or _rule_by_code(error, use_case) or _rule_by_status(error)
    if rule.error not in (InvalidArguments, ApiError):
        return rule
    step = REPORTED_STEPS.get(error.subcode or error.code)
    if step:
        return replace(rule, next_step=step)
    return _soften(rule, error) if rule.next_step == REPEAT_FAILS else rule


def _soften(rule: ErrorRule, error: GraphError) -> ErrorRule:
    """Do not call a refusal final where Meta says that it passes."""
    if error.is_transient:
        return TRANSIENT_STATUS
    if not _RETRY_REQUEST.search(f"{error.message} {error.user_message or ''}"):
        return rule
    return TRANSIENT_STATUS if rule is OTHER_REFUSAL else replace(rule, next_step=REPEAT_MAY_HELP)


def _rule_by_text(error: GraphError) -> ErrorRule | None:
    message = error.message.lower()
    return next((row.rule for row in TEXT_RULES if row.matches(error.code, error.subcode, message)), None)


def _rule_by_code(error: GraphError, use_case: str) -> ErrorRule | None:
    return next((rule for rule in RULES if rule.matches(error.code, error.subcode, use_case)), None)


def _rule_by_status(error: GraphError) -> ErrorRule:
    status = error.http_status or 400
    if error.is_transient or status >= 500 or status == 408:
        return TRANSIENT_STATUS
    if 300 <= status < 400:
        return REDIRECT
    if error.code == 0 and error.type == "OAuthException":
        return UNAUTHORIZED  # an error of the login, which has no code
    return {401: UNAUTHORIZED, 403: FORBIDDEN, 404: NO_SUCH_OBJECT, 429: TOO_MANY_REQUESTS}.get(status, OTHER_REFUSAL)


def to_ads_error(error: GraphError, rule: ErrorRule | None = None, regain_s: int | None = None) -> AdsError:
    """Build the error to raise: our words with Meta's own message, and the row's next step.

    `regain_s` is the wait in seconds that the headers name. Only an error of throttling states a wait.
    """
    row = rule or find_rule(error)
    message = error.user_message or error.message or "no message"
    code = f" ({error.code}/{error.subcode})" if error.subcode else f" ({error.code})" if error.code else ""
    sentence = f"{_HEADLINES[row.error]}{code}: {message.rstrip('. ')}."
    wait_s = max(error.retry_after_seconds or 0, regain_s or 0) or row.wait_s
    is_throttling = issubclass(row.error, Throttled)
    return row.error(sentence, row.next_step, graph=error, retry_after_seconds=wait_s if is_throttling else None)


def parse_error(body: Any, status: int) -> GraphError | None:
    """Return the error in a decoded body, or None.

    Missing keys, wrong types and `error_data` as JSON text are accepted.
    """
    if not isinstance(body, Mapping) or not body.get("error"):
        return None
    raw = body["error"]
    if isinstance(raw, str) and status >= 400:
        # The form of OAuth 2: an error name with a description beside it.
        message = ": ".join(part for part in (raw, body.get("error_description")) if isinstance(part, str))
        return GraphError(code=0, message=clean(message, _MAX_TEXT_CHARS), http_status=status)
    return _parse_envelope(raw, status) if isinstance(raw, Mapping) else None


def _parse_envelope(raw: Mapping[str, Any], status: int) -> GraphError:
    user_message, message, data = _text(raw, "error_user_msg"), _text(raw, "message") or "", _error_data(raw)
    return GraphError(
        code=_integer(raw.get("code")) or 0,
        message=message,
        subcode=_integer(raw.get("error_subcode")),
        type=_text(raw, "type"),
        fbtrace_id=_text(raw, "fbtrace_id"),
        user_title=_text(raw, "error_user_title"),
        user_message=user_message,
        blame_fields=_blame_fields(data),
        is_transient=raw.get("is_transient") is True,
        http_status=status,
        retry_after_seconds=_retry_hint(f"{user_message or ''} {message}"),
        offsets=_offsets(data),
    )


def _text(raw: Mapping[str, Any], key: str) -> str | None:
    """Return a clean text without Meta's pointer to its documentation, or None."""
    value = raw.get(key)
    return clean(_BOILERPLATE.sub("", value), _MAX_TEXT_CHARS) if isinstance(value, str) and value else None


def _integer(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    return int(value) if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,12}", value) else None


def _error_data(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return `error_data`, an object or an object in JSON text; empty when it is neither."""
    data = raw.get("error_data")
    if isinstance(data, str):
        try:
            data = json.loads(data)
        except (ValueError, RecursionError):
            return {}
    return data if isinstance(data, Mapping) else {}


def _offsets(data: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return where a chunked upload continues after a part that failed (SDK: video_uploader)."""
    start, end = _integer(data.get("start_offset")), _integer(data.get("end_offset"))
    return None if start is None or end is None else (start, end)


def _blame_fields(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return `blame_field_specs` as dotted paths."""
    specs = data.get("blame_field_specs")
    if not isinstance(specs, list):
        return ()
    paths = [spec if isinstance(spec, list) else [spec] for spec in specs]
    return tuple(clean(".".join(str(step) for step in path), 200) for path in paths[:20])


_DURATION = re.compile(r"(?:in|for|after|wait)\s+(?:about\s+)?([0-9]{1,4})\s*(second|minute|hour)", re.IGNORECASE)


def _retry_hint(text: str) -> int | None:
    """Return the seconds to wait where the text names a time ("try again in 5 minutes")."""
    match = _DURATION.search(text)
    if match is None:
        return None
    return int(match[1]) * {"second": 1, "minute": 60, "hour": 3600}[match[2].lower()]
