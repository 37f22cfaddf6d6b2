"""Messages that should never come down standard input, by name."""

from __future__ import annotations

import json
from typing import Any

from tests.torture.wire import META, VERSION, call, request

MB = 1024 * 1024
ACCOUNTS = "ads_get_ad_accounts"


def line(message: Any, **swaps: str) -> bytes:
    """The message as a line, with pieces of its text swapped for what JSON would not write."""
    text = json.dumps(message)
    for old, new in swaps.items():
        text = text.replace(f'"{old}"', new)
    return text.encode("utf-8", "surrogatepass") + b"\n"


def _rpc(rest: str) -> bytes:
    return f'{{"jsonrpc": "2.0", {rest}}}'.encode()


NO_MESSAGES: dict[str, bytes] = {
    repr(raw[:60]): raw + b"\n"
    for raw in (
        b"hello", b"", b"   ", b"\x00", b"\xff\xfe\x00", b"{", b"[]", b"null", b"1", b'"x"', b"[1, 2]", b"{}",
        b"\x1b[31m",
        b'{"jsonrpc": "2.0"}', b'{"jsonrpc": "1.0", "id": 1, "method": "ping"}', b'{"id": 1, "method": "tools/list"}',
        _rpc('"id": 1, "method": 5'), _rpc('"id": 1, "method": null'), _rpc('"id": 1, "method": "ping", "params": []'),
        _rpc('"id": 77, "result": {}'), _rpc('"id": 78, "error": {"code": 1, "message": "x"}'),
        _rpc('"id": 79, "error": 1'), _rpc('"id": null, "error": {"code": 1, "message": "x"}'),
        _rpc('"id": 1, "id": 2'),
        b'{"a":' * 20_000 + b"1" + b"}" * 20_000, b"[" * 100_000, b"x" * MB,
        b'{"jsonrpc": "2.0", "method": "' + b"m" * MB,
        b"[" + _rpc('"id": 1, "method": "ping"') + b"," + _rpc('"id": 2, "method": "ping"') + b"]",
    )
}  # fmt: skip
IDS: dict[str, bytes] = {
    f"id {number[:20]}": line(request("N", "tools/list", _meta=META), N=number)
    for number in ("-1", "0", "1.5", '"s"', '""', "null", "true", "[]", "{}", "1" + "0" * 40, "1e400", "NaN",
                   '"\\ud800"', '"\u202e"', '"\\u0000"', json.dumps("ü" * 5000), '"' + "i" * MB + '"')
}  # fmt: skip
METHODS: dict[str, bytes] = {
    f"method {method[:20]!r}": line(request(f"m{index}", method, _meta=META))
    for index, method in enumerate(
        ("no/such", "", "tools/call", "initialize", "rpc.discover", "__init__", "tools/" + "x" * 10_000, "tasks/get",
         "notifications/x", "resources/read", "prompts/get", "completion/complete", "logging/setLevel",
         "resources/subscribe", "sampling/createMessage", "roots/list", "elicitation/create", "ping", "server/discover",
         "\x00", "工具")
    )
}  # fmt: skip
_CALL: dict[str, Any] = {"_meta": META, "name": ACCOUNTS}
_VALUE = {"name": "x", "value": "y"}
_WRONG: tuple[Any, ...] = (None, 5, "x", [], [1], True, {"a": {"b": []}})
TYPES: dict[str, bytes] = {
    name: line(message)
    for i, w in enumerate(_WRONG)
    for name, message in {
        f"arguments {w!r}": call(f"a{i}", ACCOUNTS, w),
        f"name {w!r}": request(f"n{i}", "tools/call", name=w, _meta=META),
        f"params {w!r}": {**request(f"p{i}", "tools/list"), "params": w},
        f"_meta {w!r}": request(f"e{i}", "tools/list", _meta=w),
        f"cursor {w!r}": request(f"c{i}", "tools/list", _meta=META, cursor=w),
        f"address {w!r}": request(f"u{i}", "resources/read", _meta=META, uri=w),
        f"prompt {w!r}": request(f"g{i}", "prompts/get", _meta=META, name=w),
        f"era {w!r}": request(f"v{i}", "tools/list", _meta={**META, VERSION: w}),
        f"replies {w!r}": request(f"r{i}", "tools/call", **_CALL, inputResponses=w, requestState=w),
        f"reference {w!r}": request(f"f{i}", "completion/complete", _meta=META, ref=w, argument=_VALUE),
    }.items()
}
ARGUMENTS: dict[str, bytes] = {
    "NaN": line(call("f1", ACCOUNTS, {"limit": "N"}), N="NaN"),
    "Infinity": line(call("f2", ACCOUNTS, {"limit": "N"}), N="Infinity"),
    "huge number": line(call("f3", ACCOUNTS, {"limit": 10**400})),
    "huge exponent": line(call("f4", ACCOUNTS, {"limit": "N"}), N="1e999"),
    "half a pair": line(call("f5", "ads_find_tools", {"query": "\ud800 x"})),
    "half a pair as name": line(call("f6", "ads_\ud800", {})),
    "line breaks of Unicode": line(call("f7", "ads_find_tools", {"query": "a\u2028b\u2029c\x85d"})),
    "deep list": line(call("f8", ACCOUNTS, {"fields": "N"}), N="[" * 190 + "]" * 190),
    "deep object": line(call("f9", "ads_create_ad_set", {"targeting": "N"}), N='{"a":' * 190 + "1" + "}" * 190),
    "10 MB of text": line(call("f10", "ads_find_tools", {"query": "x" * 10 * MB})),
    "10 MB of ids": line(call("f11", "ads_get_insights", {"object_id": "1" * 10 * MB})),
    "10 MB as name": line(call("x" * 10 * MB, "x" * 10 * MB, {})),
    "1 MB of keys": line(call("f12", ACCOUNTS, {f"k{i}": i for i in range(80_000)})),
    "1 MB of rows": line(call("f13", "ads_create_ad_set", {"targeting": {"interests": [{}] * 300_000}})),
    "same key twice": line(call("f14", ACCOUNTS, {"N": 1}), N='"limit": 1, "limit"'),
    "10 MB inside": line(call("f15", "ads_call_read_tool", {"name": ACCOUNTS, "arguments": {"a": "x" * 10 * MB}})),
}
NOTES: dict[str, bytes] = {
    f"{method} {params!r:.60}": line({"jsonrpc": "2.0", "method": f"notifications/{method}", "params": params})
    for method, several in {
        "cancelled": (None, [], {}, {"requestId": "nobody"}, {"requestId": []}, {"requestId": 1e300}),
        "progress": ({}, {"progressToken": 1, "progress": "much"}, {"progressToken": [], "progress": 1e999}),
        "initialized": ({}, None, {"again": True}),
        "roots/list_changed": ({},),
        "message": ({"level": "x"},),
        "no_such": ({}, [1]),
    }.items()
    for params in several
}
MESSAGES = {**NO_MESSAGES, **IDS, **METHODS, **TYPES, **ARGUMENTS, **NOTES}
