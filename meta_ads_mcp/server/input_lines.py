"""Read JSON-RPC lines from standard input, and answer those that the protocol library would drop without a word.

A client waits for an answer to every request. So a line that is too long, is not JSON or is not JSON-RPC is answered
with an error, under the id of the request where one can be read. An invalid reply to a question of this server becomes
an error reply, which ends the wait for it.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any, BinaryIO

# Bytes of a line. The longest useful one carries an image as base64 (Meta's limit for images is 30 MB).
MAX_LINE_BYTES = 64_000_000
# Lines that are read ahead of the server.
MAX_WAITING_LINES = 16
# After the end of input, changes that were sent may finish; a process that nobody reads ends all the same.
FINISH_SECONDS = 3.5
EXIT_SECONDS = 4.0
PARSE_ERROR, INVALID_REQUEST = -32700, -32600
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]')
_ID = re.compile(r'\s*:\s*("(?:[^"\\]|\\.){0,200}"|-?[0-9]{1,18}(?![0-9.eE]))')
# Somewhere in the line; whether it is the id of the message is told by the JSON.
_ODD_ID = re.compile(r'"id"\s*:\s*(?:null|true|false|[\[{]|-?[0-9]+[.eE])')

Send = Callable[[dict[str, Any]], Awaitable[None]]
# Waits until changes that were sent have ended, for so many seconds at most.
Finish = Callable[[float], Awaitable[None]]


class InputLines:
    """An asynchronous iterator over the lines that `is_message` accepts; the others are answered through `send`."""

    def __init__(self, stream: BinaryIO, is_message: Callable[[str], bool], finish: Finish | None = None) -> None:
        self._stream = stream
        self._finish = finish
        self._is_message = is_message
        self._loop = asyncio.get_running_loop()
        self._lines: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._free = threading.Semaphore(MAX_WAITING_LINES)
        self.send: Send | None = None
        threading.Thread(target=self._read, name="stdin", daemon=True).start()

    def __aiter__(self) -> InputLines:
        return self

    async def __anext__(self) -> str:
        while True:
            raw = await self._lines.get()
            if raw is None:
                if self._finish is not None:
                    await self._finish(FINISH_SECONDS)
                raise StopAsyncIteration
            self._free.release()
            line = raw.decode("utf-8", "replace")
            is_readable = len(raw) <= MAX_LINE_BYTES and is_utf8(raw, line)
            if is_readable:
                line = with_plain_replies(line)
            if is_readable and not has_unusable_id(line) and self._is_message(line):
                return line
            reply = invalid_reply(line)
            if reply is not None:
                return reply
            answer = answer_to(line, too_long=len(raw) > MAX_LINE_BYTES, is_utf8=is_utf8(raw, line))
            if answer is not None and self.send is not None:
                await self.send(answer)

    def _read(self) -> None:
        """Hand the lines over to the event loop, from a thread that may block for ever."""
        try:
            while raw := self._stream.readline(MAX_LINE_BYTES + 1):
                if len(raw) > MAX_LINE_BYTES and not raw.endswith(b"\n"):
                    self._skip_line()
                self._free.acquire()
                self._loop.call_soon_threadsafe(self._lines.put_nowait, raw)
            self._loop.call_soon_threadsafe(self._lines.put_nowait, None)
        except (OSError, ValueError, RuntimeError):
            # The stream or the loop was closed: the process ends.
            pass
        exit_later()

    def _skip_line(self) -> None:
        while (rest := self._stream.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
            pass


def exit_later() -> None:
    """End the process a few seconds from now, even if it is blocked on output that nobody reads.

    Nothing is lost: a write is in the journal before it is sent.
    """
    timer = threading.Timer(EXIT_SECONDS, os._exit, (0,))
    timer.daemon = True
    timer.start()


def is_utf8(raw: bytes, text: str) -> bool:
    """Return whether the bytes are the UTF-8 of the text: what could not be decoded was replaced."""
    return "\ufffd" not in text or text.encode() == raw


def has_unusable_id(line: str) -> bool:
    """Return whether the line is a request whose id is neither text nor an integer. The library would drop it."""
    if _ODD_ID.search(line) is None:
        return False
    message = _parse(line)
    return isinstance(message, dict) and "method" in message and "id" in message and _usable_id(message["id"]) is None


def with_plain_replies(line: str) -> str:
    """Return the line with every reply of a user to a question in a form that the library reads.

    A reply comes as the result of a request of this server, or in `inputResponses` of a new call.
    """
    if '"inputResponses"' not in line and '"result"' not in line:
        return line
    message = _parse(line)
    if not isinstance(message, dict):
        return line
    if "method" not in message and "result" in message:
        return json.dumps({**message, "result": plain_reply(message["result"])})
    params = message.get("params")
    if not isinstance(params, dict) or "inputResponses" not in params:
        return line
    replies = params["inputResponses"]
    plain = {key: plain_reply(value) for key, value in replies.items()} if isinstance(replies, dict) else {}
    return json.dumps({**message, "params": {**params, "inputResponses": plain}})


def plain_reply(reply: Any) -> dict[str, Any]:
    """Return a reply of any form as a yes, a no (accepted without agreement) or declined. Only a clear yes is one."""
    if not isinstance(reply, dict) or reply.get("action") != "accept":
        return {"action": "decline"}
    content = reply.get("content")
    return {"action": "accept", "content": {"agree": isinstance(content, dict) and content.get("agree") is True}}


def answer_to(line: str, *, too_long: bool = False, is_utf8: bool = True) -> dict[str, Any] | None:
    """Return the error response for a line that is not a message; None for a notification, which gets no answer."""
    if not line.strip():
        return None
    request_id = top_level_id(line)
    if too_long:
        return _error(request_id, INVALID_REQUEST, f"A message has at most {MAX_LINE_BYTES:,} bytes.")
    message = _parse(line) if is_utf8 else None
    if message is None:
        return _error(request_id, PARSE_ERROR, "This line is not JSON that the server can read.")
    if isinstance(message, dict) and "method" in message and "id" not in message:
        return None
    return _error(request_id, INVALID_REQUEST, "This line is not a JSON-RPC 2.0 message.")


def invalid_reply(line: str) -> str | None:
    """Return an error reply in place of a reply without a usable result; None if the line is something else."""
    message = _parse(line)
    if not isinstance(message, dict) or "method" in message or not message.keys() & {"result", "error"}:
        return None
    request_id = _usable_id(message.get("id"))
    if request_id is None:
        return None
    return json.dumps(_error(request_id, INVALID_REQUEST, "The client's reply could not be read."))


def top_level_id(line: str) -> int | str | None:
    """Return the id of a request that may not be valid JSON, by scanning for the outermost member `id`."""
    depth = 0
    for match in _PIECE.finditer(line):
        piece = match[0]
        if piece in "{[":
            depth += 1
        elif piece in "}]":
            depth -= 1
        elif depth == 1 and piece == '"id"' and (value := _ID.match(line, match.end())):
            return _usable_id(_parse(value[1]))
    return None


def _usable_id(value: Any) -> int | str | None:
    """Return an id that an answer can repeat: half a character pair cannot be written as UTF-8."""
    if isinstance(value, str):
        return value if value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _parse(text: str) -> Any:
    """Return the JSON value; None if it cannot be read: nested too deeply, a number too long, or not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _error(request_id: int | str | None, code: int, message: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": message}}


def claim_stdin() -> BinaryIO:
    """Return standard input for this server alone: child processes and libraries then read an empty one."""
    try:
        number = sys.stdin.fileno()
        private = os.dup(number)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, number)
        os.close(null)
    except (OSError, ValueError):
        return sys.stdin.buffer
    return os.fdopen(private, "rb", closefd=False)
