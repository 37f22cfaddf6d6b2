"""Answers that Graph should never give, by name: statuses, bodies, headers, broken connections.

A fault is made anew for every request, because a stream is read once. `of` gives the true answer's body where a fault
is a spoilt form of it.
"""

from __future__ import annotations

import gzip
import json
import ssl
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache
from typing import Any

import httpx

from meta_ads_mcp.engine.writes.units.unit_run import MAX_META_WAIT_SECONDS
from meta_ads_mcp.errors import Throttled
from meta_ads_mcp.graph.error_table import ANY_CODE, RULES

Make = Callable[[Callable[[], Any]], httpx.Response]
MB = 1024 * 1024
STATUSES = (
    200, 201, 202, 204, 206, 226, 299, 300, 301, 302, 303, 304, 305, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407,
    408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 425, 426, 428, 429, 431, 451, 499, 500,
    501, 502, 503, 504, 505, 506, 507, 508, 510, 511, 520, 521, 522, 524, 529, 530, 598, 599,
)  # fmt: skip
ELSEWHERE = "collector.example"
HTML = "<html><head><title>Sorry</title></head><body>Something went wrong</body></html>"


class Stream(httpx.AsyncByteStream):
    """Bytes that are made while they are read; an exception at the end of them where one is given."""

    def __init__(self, parts: Iterator[bytes], end: Exception | None = None) -> None:
        self._parts, self._end = parts, end

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            yield part
        if self._end is not None:
            raise self._end


def body(content: Any, status: int = 200, **headers: str) -> Make:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return lambda of: httpx.Response(status, content=raw, headers={k.replace("_", "-"): v for k, v in headers.items()})


def streamed(parts: Callable[[], Iterator[bytes]], end: Exception | None = None, **headers: str) -> Make:
    named = {k.replace("_", "-"): v for k, v in headers.items()}
    return lambda of: httpx.Response(200, stream=Stream(parts(), end), headers=named)


def raising(failure: Callable[[], Exception]) -> Make:
    def make(of: Callable[[], Any]) -> httpx.Response:
        raise failure()

    return make


def spoilt(change: Callable[[Any], Any]) -> Make:
    """The true answer with every leaf or container changed."""
    return lambda of: httpx.Response(200, content=json.dumps(each(of(), change)).encode())


def each(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return change({key: each(inner, change) for key, inner in value.items()})
    if isinstance(value, list):
        return change([each(inner, change) for inner in value])
    return change(value)


def turned(kind: type, into: Any) -> Make:
    return spoilt(lambda found: into if type(found) is kind else found)


def strange(found: Any) -> Any:
    return {f"{key}\u202e\x1b[31m": inner for key, inner in found.items()} if type(found) is dict else found


def doubled(of: Callable[[], Any]) -> httpx.Response:
    """Every key twice, the second time with another value."""
    text = json.dumps(of())
    for key in ("id", "name", "data", "status", "account_id"):
        text = text.replace(f'"{key}": ', f'"{key}": {{"x": 1}}, "{key}": ')
    return httpx.Response(200, content=text.encode())


def paged(of: Callable[[], Any]) -> httpx.Response:
    """A list that promises another page for ever, on another host, with the same cursor."""
    found = of()
    if isinstance(found, dict) and isinstance(found.get("data"), list):
        following = f"https://{ELSEWHERE}/next?access_token=x&after=same"
        found = {**found, "paging": {"cursors": {"after": "same"}, "next": following}}
    return httpx.Response(200, json=found)


def endless(rows: Callable[[Any], Any]) -> Make:
    """A list that goes on for ever, with a new cursor each time."""
    count = iter(range(10**9))

    def make(of: Callable[[], Any]) -> httpx.Response:
        found = of()
        if isinstance(found, dict) and isinstance(found.get("data"), list):
            cursor = f"c{next(count)}"
            paging = {"cursors": {"after": cursor}, "next": f"https://graph.facebook.com/x?after={cursor}"}
            found = {**found, "data": rows(found["data"]), "paging": paging}
        return httpx.Response(200, json=found)

    return make


@cache
def bomb() -> bytes:
    """100 MB of blanks in 100 kilobytes."""
    packer = zlib.compressobj(wbits=31)
    return b"".join([*(packer.compress(b" " * MB) for _ in range(100)), packer.flush()])


def nested(levels: int) -> bytes:
    return b'{"data":' + b"[" * levels + b"]" * levels + b"}"


EXCEPTIONS: dict[str, Callable[[], Exception]] = {
    **{
        kind.__name__: (lambda kind=kind: kind("a planned fault"))
        for kind in (
            httpx.ConnectTimeout, httpx.ReadTimeout, httpx.WriteTimeout, httpx.PoolTimeout, httpx.ReadError,
            httpx.WriteError, httpx.CloseError, httpx.RemoteProtocolError, httpx.LocalProtocolError, httpx.ProxyError,
            httpx.UnsupportedProtocol, httpx.DecodingError, httpx.TooManyRedirects,
        )
    },
    "no such host": lambda: httpx.ConnectError("[Errno -2] Name or service not known"),
    "refused": lambda: httpx.ConnectError("[Errno 111] Connection refused"),
    "bare reset": lambda: ConnectionResetError(104, "Connection reset by peer"),
    "bare TLS": lambda: ssl.SSLError(1, "[SSL: BAD_RECORD_MAC]"),
    "no route": lambda: OSError(113, "No route to host"),
}  # fmt: skip

HEADERS: dict[str, dict[str, str]] = {
    "usage garbage": {"x-business-use-case-usage": "{", "x-app-usage": "[]", "x-ad-account-usage": "\x7f"},
    "usage wrong": {"x-business-use-case-usage": '{"1": {"a": 1}, "2": [1, null, {"type": []}]}'},
    "usage huge": {
        "x-business-use-case-usage": '{"1": [{"type": "ads_management", "call_count": 1e308, '
        '"estimated_time_to_regain_access": 99999999999999999999, "total_time": -5, "total_cputime": NaN}]}',
        "x-app-usage": '{"call_count": Infinity, "total_time": "many"}',
        "x-ad-account-usage": '{"acc_id_util_pct": 1e999, "reset_time_duration": -1}',
    },
    "usage deep": {"x-business-use-case-usage": "[" * 50_000},
    "dates": {"date": "Thu, 99 Foo 2026 25:61:61 GMT", "retry-after": "soon", "facebook-api-version": "v99.99\x7f"},
    "old date": {"date": "Mon, 01 Jan 0001 00:00:00 GMT", "retry-after": "-99999999999"},
    "wrong charset": {"content-type": "text/html; charset=utf-7"},
}


def _bodies() -> dict[str, Make]:
    return {
        "empty": body(b""),
        "blank": body(b" \n\t "),
        "truncated": lambda of: httpx.Response(200, content=json.dumps(of()).encode()[:-1]),
        "half": lambda of: httpx.Response(200, content=(raw := json.dumps(of()).encode())[: len(raw) // 2]),
        "twice": lambda of: httpx.Response(200, content=json.dumps(of()).encode() * 2),
        "not UTF-8": body(b'{"data": [{"id": "1", "name": "\xff\xfe\xe4"}]}'),
        "UTF-16": lambda of: httpx.Response(200, content=json.dumps(of()).encode("utf-16")),
        "mark in front": lambda of: httpx.Response(200, content=b"\xef\xbb\xbf" + json.dumps(of()).encode()),
        "NUL": body(b'{"data": []}\x00'),
        "HTML": body(HTML.encode(), content_type="text/html"),
        "too deep": body(nested(100_000)),
        "deep": body(nested(900)),
        "deep row": body(b'{"data": [{"id": "1", "x": ' + b'{"a":' * 400 + b"1" + b"}" * 400 + b"}]}"),
        "very deep row": body(b'{"id": "1", "x": ' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}"),
        "keys twice": doubled,
        "same page": paged,
        "endless": endless(lambda rows: rows),
        "endless and empty": endless(lambda rows: []),
        "broken gzip": body(b"\x1f\x8bgarbage", content_encoding="gzip"),
        "cut gzip": body(gzip.compress(b'{"data": []}')[:-6], content_encoding="gzip"),
        "no gzip": body(b'{"data": []}', content_encoding="gzip"),
        "unknown encoding": body(b'{"data": []}', content_encoding="br"),
        "broken off": streamed(lambda: iter([b'{"data": [{"id": "1"']), httpx.ReadError("reset")),
        "closed early": streamed(lambda: iter([b'{"da']), httpx.RemoteProtocolError("peer closed connection")),
        "bytes alone": streamed(lambda: (b'{"data": []}'[i : i + 1] for i in range(12))),
        "texts as numbers": turned(str, 7),
        "numbers as texts": turned(int, "many"),
        "texts as objects": turned(str, {"a": [None]}),
        "texts as null": turned(str, None),
        "texts empty": turned(str, ""),
        "truths as texts": turned(bool, "maybe"),
        "lists as objects": turned(list, {"a": 1}),
        "lists as texts": turned(list, "none"),
        "rows as null": spoilt(lambda found: [None] * len(found) if type(found) is list else found),
        "rows as lists": spoilt(lambda found: [[found]] if type(found) is list else found),
        "objects as lists": spoilt(lambda found: [found] if type(found) is dict else found),
        "huge numbers": turned(int, 10**400),
        "infinite numbers": spoilt(lambda found: float("inf") if type(found) in (int, float) else found),
        "signed texts": spoilt(lambda found: f"-{found}" if type(found) is str and found.isdigit() else found),
        "long texts": spoilt(lambda found: found * 400 if type(found) is str else found),
        "strange keys": spoilt(strange),
    }


def _small() -> dict[str, Make]:
    plain = (None, True, 5, -1.5, "x", [], {}, {"data": None}, {"data": {}}, {"data": "x"}, {"data": [None, 1, []]})
    objects = ({"id": None}, {"id": []}, {"success": False}, {"id": 5})
    errors = ("x", [], [1], {}, {"code": "abc"}, {"code": [1]}, {"code": 190, "message": {"a": 1}}, {"message": None})
    found = {f"200 {json.dumps(one)}": body(one) for one in (*plain, *objects)}
    found |= {f"400 error {json.dumps(one)}": body({"error": one}, 400) for one in errors}
    found |= {f"200 error {json.dumps(one)}": body({"error": one}) for one in errors}
    found["400 error code 1e999"] = body(b'{"error": {"code": 1e999, "error_subcode": -1e999, "message": "x"}}', 400)
    found["400 error deep data"] = body({"error": {"code": 100, "message": "x", "error_data": "[" * 10_000}}, 400)
    found["400 error long"] = body({"error": {"code": 100, "message": "x" * MB, "error_user_msg": "y" * MB}}, 400)
    return found


def _codes() -> dict[str, Make]:
    pairs: list[tuple[int, int | None]] = [(-1, None), (99_999, None), (2**63, None), (613, 1487742)]
    for rule in RULES:
        codes = [rule.code] if isinstance(rule.code, int) else [rule.code[0], rule.code[-1]]
        pairs += [(code, rule.subcode) for code in codes if rule.code != ANY_CODE]

    def refusal(code: int, subcode: int | None, status: int) -> Make:
        said = {"message": f"(#{code}) planned", "type": "OAuthException", "code": code, "error_subcode": subcode}
        return body({"error": said}, status)

    return {f"error {code}/{sub} {status}": refusal(code, sub, status) for code, sub in pairs for status in (400, 500)}


# Most of what tools once failed on failed on one of these, so each tool meets them in the short runs, too.
PRODUCTIVE = ("texts as objects", "numbers as texts", "rows as null", "huge numbers")
# Limits that are over in some seconds. With these codes Graph says that it has done nothing, so a unit may wait and
# send the same again, until the third refusal stops all calls (`repeated_throttle`).
MOMENTARY = frozenset(
    f"error {rule.code}/{rule.subcode} {status}"
    for rule in RULES
    if rule.error is Throttled and rule.wait_s <= MAX_META_WAIT_SECONDS
    for status in (400, 500)
)
MAX_SENDS_AT_LIMIT = 3
FAULTS: dict[str, Make] = {
    **{f"status {status}": body(HTML.encode(), status) for status in STATUSES},
    **{f"empty {status}": body(b"", status) for status in (201, 204, 304, 400, 500, 503)},
    **{
        f"led away by {status}": body(b"{}", status, location=f"https://{ELSEWHERE}/v26.0/me")
        for status in (301, 302, 303, 307, 308)
    },
    **_codes(),
    **_bodies(),
    **_small(),
    **{f"raised {name}": raising(failure) for name, failure in EXCEPTIONS.items()},
    **{f"headers {name}": (lambda of, h=h: httpx.Response(200, json=of(), headers=h)) for name, h in HEADERS.items()},
    **{f"429 headers {name}": body(b"{}", 429, **h) for name, h in HEADERS.items()},
}
# Each costs seconds or hundreds of megabytes when it is not bounded.
HEAVY: dict[str, Make] = {
    "100 MB": streamed(lambda: (b" " * MB for _ in range(100))),
    "100 MB of rows": streamed(lambda: (b'{"data": [' if not i else b'{"id": "1"},' * 80_000 for i in range(110))),
    "31 MB of empty rows": streamed(lambda: (p for p in (b'{"data": [', *[b"{}," * 349_525] * 31, b"{}]}"))),
    "1 MB of empty rows": streamed(lambda: (p for p in (b'{"data": [', b"{}," * 333_000, b"{}]}"))),
    "31 MB of nests": streamed(lambda: (p for p in (b"[", *[(b"[" * 400 + b"]" * 400 + b",") * 1300] * 31, b"1]"))),
    "31 MB of one text": streamed(lambda: (p for p in (b'{"data": [{"name": "', *[b"x" * MB] * 31, b'"}]}'))),
    "gzip bomb": streamed(lambda: iter([bomb()]), content_encoding="gzip"),
    "gzip bomb twice": streamed(lambda: iter([gzip.compress(bomb())]), content_encoding="gzip"),
    "100 MB of an error": lambda of: httpx.Response(400, stream=Stream(b"x" * MB for _ in range(100))),
}
