"""HTTP requests read as Graph calls, and responses of Graph written as HTTP responses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx

from meta_ads_mcp.sandbox.refusal import Refusal

VERSION = re.compile(r"v[0-9]+\.[0-9]+")
BEARER = re.compile(r"(?:Bearer|OAuth) +(\S+)", re.IGNORECASE)
BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
DISPOSITION = re.compile(r'(?<![\w*])(name|filename)="((?:[^"\\]|\\.)*)"', re.IGNORECASE)


@dataclass(frozen=True)
class File:
    """One file part of a multipart body. `content` holds the bytes exactly as they were sent."""

    name: str
    filename: str
    content: bytes
    content_type: str = ""


@dataclass(frozen=True)
class SandboxCall:
    """One Graph call: `path` is without version and slashes; params hold query and body, still as text.

    `overridden` is true for a POST that was turned into another method by its `method` param. `asynchronous` is true
    for a member of an asynchronous set, for which other limits hold.
    """

    method: str
    version: str | None
    path: tuple[str, ...]
    params: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)
    files: tuple[File, ...] = ()
    body_size: int = 0
    host: str = "graph.facebook.com"
    overridden: bool = False
    asynchronous: bool = False

    @property
    def token(self) -> str | None:
        """The token of the call; a param goes before the header."""
        if "access_token" in self.params:
            return self.params["access_token"]
        match = BEARER.fullmatch(self.headers.get("authorization", "").strip())
        return match.group(1) if match else None


@dataclass(frozen=True)
class SandboxResponse:
    """What Graph answers: `body` is any JSON value."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """Return the body as compact JSON."""
        return json.dumps(self.body, separators=(",", ":"), ensure_ascii=False)


def read_call(request: httpx.Request, body: bytes) -> SandboxCall:
    """Read an HTTP request as a call. A POST with `method=GET` is a GET. Refusal for a malformed body."""
    params = dict(parse_qsl(request.url.query.decode(), keep_blank_values=True))
    fields, uploads = read_body(request.headers.get("content-type", ""), body)
    version, path = split_path(request.url.raw_path.decode().partition("?")[0])
    headers = {name.lower(): value for name, value in request.headers.items()}
    call = SandboxCall(request.method, version, path, params | fields, headers, uploads, len(body), request.url.host)
    return override_method(call)


def override_method(call: SandboxCall) -> SandboxCall:
    """Apply the `method` param of a POST. Source: Meta docs, graph-api/overview (HTTP method override)."""
    method = call.params.get("method", "").upper()
    if call.method == "POST" and method in ("GET", "DELETE"):
        return replace(call, method=method, overridden=True)
    return call


def split_path(path: str) -> tuple[str | None, tuple[str, ...]]:
    """Split `/v26.0/act_1/ads` into the version (None where there is none) and the parts."""
    parts = tuple(unquote(part) for part in path.split("/") if part)
    if parts and VERSION.fullmatch(parts[0]):
        return parts[0], parts[1:]
    return None, parts


def read_body(content_type: str, body: bytes) -> tuple[dict[str, str], tuple[File, ...]]:
    """Read a form, JSON or multipart body as params and files."""
    kind = content_type.partition(";")[0].strip().lower()
    if not body:
        return {}, ()
    if kind == "multipart/form-data":
        return read_multipart(content_type, body)
    if kind == "application/json":
        return read_json(body), ()
    return dict(parse_qsl(decode_text(body), keep_blank_values=True)), ()


def decode_text(content: bytes) -> str:
    """Decode the text of a body; Refusal for bytes that are not UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Refusal("The request body is not valid UTF-8") from None


def read_json(body: bytes) -> dict[str, str]:
    """Read a JSON object; values other than strings stay JSON text."""
    try:
        values = json.loads(body)
    except ValueError:
        raise Refusal("Invalid JSON for postcard") from None
    if not isinstance(values, dict):
        raise Refusal("Invalid JSON for postcard")
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def read_multipart(content_type: str, body: bytes) -> tuple[dict[str, str], tuple[File, ...]]:
    """Read a multipart body (RFC 7578). A part with a file name is a file, any other one a param."""
    boundary = BOUNDARY.search(content_type)
    if boundary is None:
        raise Refusal("A multipart body requires a boundary")
    fields, uploads = {}, []
    for head, content in split_parts(b"--" + boundary[1].encode(), body):
        headers = read_part_headers(head)
        names = {key.lower(): value for key, value in DISPOSITION.findall(headers.get("content-disposition", ""))}
        name = unescape(names.get("name", ""))
        if "filename" in names:
            kind = headers.get("content-type", "").partition(";")[0].strip()
            uploads.append(File(name, unescape(names["filename"]), content, kind))
        else:
            fields[name] = decode_text(content)
    return fields, tuple(uploads)


def split_parts(delimiter: bytes, body: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the headers and the content of each part; the line break before a delimiter belongs to the delimiter."""
    for part in (b"\r\n" + body).split(b"\r\n" + delimiter)[1:]:
        if part.startswith(b"--"):
            return
        head, separator, content = part.partition(b"\r\n\r\n")
        if not separator:
            raise Refusal("A part of the multipart body has no end of its headers")
        yield decode_text(head), content


def read_part_headers(head: str) -> dict[str, str]:
    """Read the header lines of a part; names become lower case."""
    lines = (line.partition(":") for line in head.split("\r\n") if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in lines}


def unescape(text: str) -> str:
    """Undo the two ways in which clients escape a quote in a file name."""
    return text.replace('\\"', '"').replace("%22", '"')


def to_response(answer: SandboxResponse, request: httpx.Request) -> httpx.Response:
    """Write a response of Graph as an HTTP response."""
    headers = {"content-type": "application/json; charset=UTF-8", **answer.headers}
    return httpx.Response(answer.status, headers=headers, content=answer.text().encode(), request=request)
