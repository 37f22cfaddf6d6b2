"""HTTP requests read as Graph calls, and answers written as HTTP responses."""

from __future__ import annotations

import email
import email.policy
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx

from meta_ads_mcp.sandbox.refusal import Refusal

VERSION = re.compile(r"v[0-9]+\.[0-9]+")
BEARER = re.compile(r"(?:Bearer|OAuth) +(\S+)", re.IGNORECASE)


@dataclass(frozen=True)
class File:
    """One file part of a multipart body."""

    name: str
    filename: str
    content: bytes
    content_type: str = ""


@dataclass(frozen=True)
class SandboxCall:
    """One Graph call: `path` is without version and slashes; params hold query and body, still as text.

    `asynchronous` is true for a member of an asynchronous set, for which other limits hold.
    """

    method: str
    version: str | None
    path: tuple[str, ...]
    params: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)
    files: tuple[File, ...] = ()
    body_size: int = 0
    host: str = "graph.facebook.com"
    asynchronous: bool = False

    @property
    def token(self) -> str | None:
        """The token of the call; a param goes before the header."""
        if "access_token" in self.params:
            return self.params["access_token"]
        found = BEARER.fullmatch(self.headers.get("authorization", "").strip())
        return found.group(1) if found else None


@dataclass(frozen=True)
class SandboxResponse:
    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        return json.dumps(self.body, separators=(",", ":"), ensure_ascii=False)


def read_call(request: httpx.Request, body: bytes) -> SandboxCall:
    """A call from an HTTP request. POST with `method=GET` is a GET, as Graph has it for long URLs."""
    params = dict(parse_qsl(request.url.query.decode(), keep_blank_values=True))
    fields, uploads = read_body(request.headers.get("content-type", ""), body)
    version, path = split_path(request.url.raw_path.decode().partition("?")[0])
    headers = {name.lower(): value for name, value in request.headers.items()}
    call = SandboxCall(request.method, version, path, params | fields, headers, uploads, len(body), request.url.host)
    return override_method(call)


def override_method(call: SandboxCall) -> SandboxCall:
    wanted = call.params.get("method", "").upper()
    if call.method == "POST" and wanted in ("GET", "DELETE"):
        return replace(call, method=wanted)
    return call


def split_path(path: str) -> tuple[str | None, tuple[str, ...]]:
    parts = tuple(unquote(part) for part in path.split("/") if part)
    if parts and VERSION.fullmatch(parts[0]):
        return parts[0], parts[1:]
    return None, parts


def read_body(content_type: str, body: bytes) -> tuple[dict[str, str], tuple[File, ...]]:
    if not body:
        return {}, ()
    if content_type.startswith("multipart/form-data"):
        return read_multipart(content_type, body)
    if content_type.startswith("application/json"):
        return read_json(body), ()
    return dict(parse_qsl(body.decode(), keep_blank_values=True)), ()


def read_json(body: bytes) -> dict[str, str]:
    try:
        found = json.loads(body)
    except ValueError:
        raise Refusal("Invalid JSON for postcard") from None
    if not isinstance(found, dict):
        raise Refusal("Invalid JSON for postcard")
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in found.items()}


def read_multipart(content_type: str, body: bytes) -> tuple[dict[str, str], tuple[File, ...]]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    fields, uploads = {}, []
    for part in message.iter_parts():
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        name = str(part.get_param("name", "", header="content-disposition"))
        filename = part.get_filename()
        if filename is None:
            fields[name] = content.decode()
        else:
            uploads.append(File(name, filename, content, part.get_content_type()))
    return fields, tuple(uploads)


def to_response(answer: SandboxResponse, request: httpx.Request) -> httpx.Response:
    headers = {"content-type": "application/json; charset=UTF-8", **answer.headers}
    return httpx.Response(answer.status, headers=headers, content=answer.text().encode(), request=request)
