"""Read the throttle headers of a response, whatever their state.

Every number is a percentage of an allowance, except `estimated_time_to_regain_access` (minutes) and
`reset_time_duration` (seconds). Headers come from outside: whatever cannot be understood is left out, and nothing here
raises. Sources: Meta docs, marketing-api/overview/rate-limiting and graph-api/overview/rate-limiting.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from meta_ads_mcp.graph.limits.calls import GraphCall

Kind = Literal["app", "buc", "insights", "acc", "reach", "local_retry"]

DEVELOPMENT = "development_access"
STANDARD = "standard_access"
INSIGHTS = "ads_insights"

# Longer than any header Meta sends (32 objects of some 200 characters), short enough to parse without care.
_MAX_HEADER_CHARS = 65_536
_MAX_OBJECTS = 64
_MAX_NAME_CHARS = 64
FULL_PERCENT = 100.0
# A quota of Meta's is counted over a day at most, so no true wait is longer.
MAX_WAIT_S = 86_400.0


@dataclass(frozen=True)
class UsageReading:
    """One figure of use.

    `scope` is the ad account ("act_123") or other object it is about, None for all calls of the token; `use_case` is
    None when it holds for all of them. The three figures are percent of the allowance.
    """

    kind: Kind
    scope: str | None = None
    use_case: str | None = None
    call_count: float | None = None
    cpu_time: float | None = None
    total_time: float | None = None
    regain_s: float = 0.0
    reset_s: float = 0.0
    tier: str | None = None

    @property
    def percent(self) -> float:
        """Return the highest of the figures: any one of them at 100 throttles."""
        return max(self.call_count or 0.0, self.cpu_time or 0.0, self.total_time or 0.0)

    @property
    def closed_s(self) -> float:
        """Return the seconds without any call. The reset time counts only when the quota is used up."""
        if self.kind == "reach":
            return 0.0
        return max(self.regain_s, self.reset_s if self.percent >= FULL_PERCENT else 0.0)


def parse_usage_headers(headers: Mapping[str, str], call: GraphCall) -> list[UsageReading]:
    """Return all figures in the headers of the answer to `call`."""
    by_name = {str(name).lower(): value for name, value in headers.items()}
    readings: list[UsageReading] = []
    readings += _platform(by_name.get("x-app-usage"), UsageReading("app"))
    readings += _platform(by_name.get("x-page-usage"), UsageReading("buc", scope_of(call), call.use_case.lower()))
    readings += _business(by_name.get("x-business-use-case-usage"), call)
    readings += _account(by_name.get("x-ad-account-usage"), call)
    readings += _insights(by_name.get("x-fb-ads-insights-throttle"), call)
    readings += _reach(by_name.get("x-fb-ads-insights-reach-throttle"), call)
    return readings


def scope_of(call: GraphCall) -> str:
    """Return the object whose quota a call uses: its account, else the object itself (a Page), else ""."""
    return call.account or call.object_id or ""


def _platform(text: Any, blank: UsageReading) -> Iterator[UsageReading]:
    content = _decode_header(text)
    if content is not None:
        yield _read_usage(content, blank)


def _business(text: Any, call: GraphCall) -> Iterator[UsageReading]:
    content = _decode_header(text) or {}
    objects = [(_scope(name, call), rows) for name, rows in list(content.items())[:_MAX_OBJECTS] if name]
    scope_of_call = scope_of(call)
    # Some calls are charged to a business that the call itself does not name; the figures are the call's all the same.
    if objects and scope_of_call not in (scope for scope, _ in objects):
        objects += [(scope_of_call, rows) for _, rows in objects]
    for scope, rows in objects:
        for row in _rows(rows):
            use_case = _name(str(row.get("type") or call.use_case).lower())
            yield _read_usage(row, UsageReading("buc", scope, use_case))


def _account(text: Any, call: GraphCall) -> Iterator[UsageReading]:
    content = _decode_header(text)
    if content is None or call.account is None:
        return
    percent = _number(content.get("acc_id_util_pct", content.get("bare")))
    yield UsageReading(
        "acc", call.account, None, percent, reset_s=_seconds(content.get("reset_time_duration")), tier=_tier(content)
    )


def _insights(text: Any, call: GraphCall) -> Iterator[UsageReading]:
    content = _decode_header(text)
    if content is None:
        return
    tier = _tier(content)
    app = _number(content.get("app_id_util_pct", content.get("bare")))
    yield UsageReading("insights", None, INSIGHTS, app, tier=tier)
    account = _number(content.get("acc_id_util_pct"))
    if account is not None and call.account is not None:
        yield UsageReading("insights", call.account, INSIGHTS, account, tier=tier)


def _reach(text: Any, call: GraphCall) -> Iterator[UsageReading]:
    """Meta names the header without showing its body; it is about reach over 13 months only: shown, not obeyed."""
    content = _decode_header(text)
    if content is not None:
        figures = [_number(value) for name, value in content.items() if name.endswith("_util_pct") or name == "bare"]
        yield UsageReading("reach", call.account, None, max((figure or 0.0 for figure in figures), default=None))


def _read_usage(content: Mapping[str, Any], blank: UsageReading) -> UsageReading:
    minutes = _number(content.get("estimated_time_to_regain_access")) or 0.0
    return UsageReading(
        blank.kind,
        blank.scope,
        blank.use_case,
        call_count=_number(content.get("call_count", content.get("bare"))),
        cpu_time=_number(content.get("total_cputime")),
        total_time=_number(content.get("total_time")),
        regain_s=min(minutes * 60, MAX_WAIT_S),
        tier=_tier(content),
    )


def _rows(rows: Any) -> Iterable[Mapping[str, Any]]:
    entries = rows if isinstance(rows, list) else [rows]
    return [row for row in entries[:_MAX_OBJECTS] if isinstance(row, dict)]


def _scope(name: str, call: GraphCall) -> str:
    """Return the name of the object: a number is an ad account unless the call names it itself."""
    if name == call.object_id or not re.fullmatch(r"[0-9]{1,30}", name):
        return _name(name)
    return f"act_{name}"


def _name(text: str) -> str:
    """Cut a name from a header, and replace lone surrogates, which cannot be stored."""
    return text[:_MAX_NAME_CHARS].encode(errors="replace").decode()


def _decode_header(text: Any) -> dict[str, Any] | None:
    """Return the object in a header; an old bare percentage ("17%") as {"bare": 17}; None for anything else."""
    if not isinstance(text, str) or not text.strip() or len(text) > _MAX_HEADER_CHARS:
        return None
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = text
    if isinstance(content, dict):
        return content
    bare = _number(content)
    return None if bare is None else {"bare": bare}


def _number(value: Any) -> float | None:
    """Return a percentage or a duration: finite, not negative, kept within reason."""
    if isinstance(value, str):
        value = value.strip().removesuffix("%")
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return min(number, MAX_WAIT_S) if math.isfinite(number) and number >= 0 else None


def _seconds(value: Any) -> float:
    return _number(value) or 0.0


def _tier(content: Mapping[str, Any]) -> str | None:
    tier = content.get("ads_api_access_tier")
    return tier if tier in (DEVELOPMENT, STANDARD) else None


def clock_skew(date: str, now: float) -> float | None:
    """Return how many seconds the clock behind a `Date` header is ahead of `now`, or None for a malformed one."""
    try:
        return parsedate_to_datetime(date).timestamp() - now
    except ValueError:
        return None
