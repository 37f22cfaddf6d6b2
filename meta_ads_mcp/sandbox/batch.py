"""`POST /` with `batch=[...]`. Source: docs graph-api/batch-requests."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import httpx

from meta_ads_mcp.sandbox.http import SandboxCall, SandboxResponse, override_method, split_path
from meta_ads_mcp.sandbox.refusal import Refusal, no_token

Json = Any
One = Callable[[SandboxCall], SandboxResponse | httpx.Response | None]
MAX_MEMBERS = 50

_REFERENCE = re.compile(r"\{result=([\w-]+):\$\.([\w.*\[\]]+)\}")


def is_batch(call: SandboxCall) -> bool:
    """Tell whether a call is a batch."""
    return call.method == "POST" and not call.path and "batch" in call.params


def run(call: SandboxCall, one: One) -> SandboxResponse:
    """The outer answer: HTTP 200 with one entry per member, or an error when the batch itself is bad."""
    try:
        members = read_members(call)
    except Refusal as refused:
        return SandboxResponse(refused.status, refused.body("Abatchrefused"))
    with_headers = call.params.get("include_headers", "true") != "false"
    results: dict[str, Json] = {}
    return SandboxResponse(
        200, [run_member(call, member, one, results, with_headers=with_headers) for member in members]
    )


def read_members(call: SandboxCall) -> list[Mapping[str, Json]]:
    """Return the members of a batch. Refusal where they are no JSON array, too many, or without any token."""
    try:
        members = json.loads(call.params["batch"])
    except ValueError:
        raise Refusal("(#100) batch parameter must be a JSON array") from None
    if not isinstance(members, list) or not all(isinstance(one, dict) for one in members):
        raise Refusal("(#100) batch parameter must be a JSON array")
    if len(members) > MAX_MEMBERS:
        raise Refusal(f"(#100) Too many requests in batch message. Maximum batch size is {MAX_MEMBERS}")
    if not call.token and not any("access_token" in str(member) for member in members):
        raise no_token()
    return members


def run_member(
    outer: SandboxCall, member: Mapping[str, Json], one: One, results: dict[str, Json], *, with_headers: bool
) -> Json:
    """One entry: code, headers and the body as a JSON string; null when it got no answer or asked for none."""
    try:
        found = one(read_member(outer, member, results))
    except httpx.TransportError:
        return None
    if found is None:
        return None
    status, body, headers = unpack(found)
    name = str(member.get("name", ""))
    if name:
        results[name] = json.loads(body) if body.startswith(("{", "[")) else None
        if status == httpx.codes.OK and member.get("omit_response_on_success") is True:
            return None
    entry: dict[str, Json] = {"code": status}
    if with_headers:
        entry["headers"] = [{"name": key, "value": value} for key, value in headers.items()]
    return entry | {"body": body}


def unpack(found: SandboxResponse | httpx.Response) -> tuple[int, str, Mapping[str, str]]:
    """Return the status, the body and the headers of an answer."""
    if isinstance(found, httpx.Response):
        return found.status_code, found.text, dict(found.headers)
    return found.status, found.text(), {"content-type": "application/json", **found.headers}


def read_member(outer: SandboxCall, member: Mapping[str, Json], results: Mapping[str, Json]) -> SandboxCall:
    """The inner call; it has the outer token unless it brings its own."""
    address = fill(str(member.get("relative_url", "")), results)
    body = fill(str(member.get("body", "")), results)
    path, _, query = address.partition("?")
    version, parts = split_path(path)
    own = dict(parse_qsl(query, keep_blank_values=True)) | dict(parse_qsl(body, keep_blank_values=True))
    token = {"access_token": outer.token} if outer.token else {}
    proof = {key: outer.params[key] for key in ("appsecret_proof",) if key in outer.params}
    method = str(member.get("method", "GET")).upper()
    names = [name.strip() for name in str(member.get("attached_files", "")).split(",") if name.strip()]
    files = tuple(file for file in outer.files if file.name in names)
    inner = SandboxCall(
        method, version or outer.version, parts, token | proof | own, outer.headers, files, len(body), outer.host
    )
    return override_method(inner)


def fill(text: str, results: Mapping[str, Json]) -> str:
    """`{result=name:$.data.*.id}` replaced by what the named member answered, several values joined by commas."""

    def value(found: re.Match[str]) -> str:
        return ",".join(str(one) for one in walk([results.get(found[1])], found[2].split(".")))

    return _REFERENCE.sub(value, text)


def walk(values: Sequence[Json], steps: Sequence[str]) -> list[Json]:
    """Return what the steps of a JSONPath reach; `*` stands for every item of a list."""
    for step in steps:
        if step == "*":
            values = [inner for one in values if isinstance(one, list) for inner in one]
        else:
            values = [one[step] for one in values if isinstance(one, dict) and step in one]
    return [one for one in values if one is not None]
