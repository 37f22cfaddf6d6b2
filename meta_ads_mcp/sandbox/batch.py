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
SendMember = Callable[[SandboxCall], SandboxResponse | httpx.Response | None]
MAX_MEMBERS = 50

_REFERENCE = re.compile(r"\{result=([\w-]+):\$\.([\w.*\[\]]+)\}")


def is_batch(call: SandboxCall) -> bool:
    """Tell whether a call is a batch."""
    return call.method == "POST" and not call.path and "batch" in call.params


def run(call: SandboxCall, send: SendMember) -> SandboxResponse:
    """The outer answer: HTTP 200 with one entry per member, or an error when the batch itself is bad."""
    try:
        members = read_members(call)
    except Refusal as refused:
        return SandboxResponse(refused.status, refused.body("Abatchrefused"))
    with_headers = call.params.get("include_headers", "true") != "false"
    results: dict[str, Json] = {}
    return SandboxResponse(
        200, [run_member(call, member, send, results, with_headers=with_headers) for member in members]
    )


def read_members(call: SandboxCall) -> list[Mapping[str, Json]]:
    """Return the members of a batch. Refusal where they are no JSON array, too many, or without any token."""
    try:
        members = json.loads(call.params["batch"])
    except ValueError:
        raise Refusal("(#100) batch parameter must be a JSON array") from None
    if not isinstance(members, list) or not all(isinstance(item, dict) for item in members):
        raise Refusal("(#100) batch parameter must be a JSON array")
    if len(members) > MAX_MEMBERS:
        raise Refusal(f"(#100) Too many requests in batch message. Maximum batch size is {MAX_MEMBERS}")
    if not call.token and not any("access_token" in str(member) for member in members):
        raise no_token()
    return members


def run_member(
    outer: SandboxCall, member: Mapping[str, Json], send: SendMember, results: dict[str, Json], *, with_headers: bool
) -> Json:
    """Return an entry of the answer: code, headers and the body as JSON text.

    Return None if there was no answer, or the member asked for none.
    """
    try:
        answer = send(read_member(outer, member, results))
        if answer is None:
            return None
        status, body, headers = unpack(answer)
    except (httpx.TransportError, httpx.StreamError):  # no answer, or one that broke off
        return None
    name = str(member.get("name", ""))
    if name:
        results[name] = json.loads(body) if body.startswith(("{", "[")) else None
        if status == httpx.codes.OK and member.get("omit_response_on_success") is True:
            return None
    entry: dict[str, Json] = {"code": status}
    if with_headers:
        entry["headers"] = [{"name": key, "value": value} for key, value in headers.items()]
    return entry | {"body": body}


def unpack(answer: SandboxResponse | httpx.Response) -> tuple[int, str, Mapping[str, str]]:
    """Return the status, the body and the headers of an answer."""
    if isinstance(answer, httpx.Response):
        return answer.status_code, answer.text, dict(answer.headers)
    return answer.status, answer.text(), {"content-type": "application/json", **answer.headers}


def read_member(outer: SandboxCall, member: Mapping[str, Json], results: Mapping[str, Json]) -> SandboxCall:
    """The inner call; it has the outer token unless it brings its own."""
    address = fill(str(member.get("relative_url", "")), results)
    body = fill(str(member.get("body", "")), results)
    path, _, query = address.partition("?")
    version, parts = split_path(path)
    parameters = dict(parse_qsl(query, keep_blank_values=True)) | dict(parse_qsl(body, keep_blank_values=True))
    token = {"access_token": outer.token} if outer.token else {}
    proof = {key: outer.params[key] for key in ("appsecret_proof",) if key in outer.params}
    method = str(member.get("method", "GET")).upper()
    names = [name.strip() for name in str(member.get("attached_files", "")).split(",") if name.strip()]
    files = tuple(file for file in outer.files if file.name in names)
    inner = SandboxCall(
        method, version or outer.version, parts, token | proof | parameters, outer.headers, files, len(body), outer.host
    )
    return override_method(inner)


def fill(text: str, results: Mapping[str, Json]) -> str:
    """`{result=name:$.data.*.id}` replaced by what the named member answered, several values joined by commas."""

    def value(match: re.Match[str]) -> str:
        return ",".join(str(item) for item in walk([results.get(match[1])], match[2].split(".")))

    return _REFERENCE.sub(value, text)


def walk(values: Sequence[Json], steps: Sequence[str]) -> list[Json]:
    """Return what the steps of a JSONPath reach; `*` stands for every item of a list."""
    for step in steps:
        if step == "*":
            values = [inner for item in values if isinstance(item, list) for inner in item]
        else:
            values = [item[step] for item in values if isinstance(item, dict) and step in item]
    return [item for item in values if item is not None]
