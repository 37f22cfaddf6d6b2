"""Bodies of requests are read byte by byte as they were sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.sandbox.http import File, read_body
from meta_ads_mcp.sandbox.refusal import Refusal

CONTENTS = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([b"\r\n", b"\n", b"--b\r\n", b"\r\n\r\n", b"x\r\n", b"\r\n--", b"\xff\x00\r\n", b""]),
)
KINDS = st.sampled_from(["", "image/png", "multipart/form-data", "message/rfc822", "text/plain; charset=latin-1"])


def part(name: str, content: bytes, filename: str | None = None, kind: str = "") -> bytes:
    named = f'; filename="{filename}"' if filename is not None else ""
    typed = f"Content-Type: {kind}\r\n" if kind else ""
    return (
        f'--BOUND\r\nContent-Disposition: form-data; name="{name}"{named}\r\n{typed}\r\n'.encode() + content + b"\r\n"
    )


@given(st.lists(st.tuples(CONTENTS, KINDS), min_size=1, max_size=4), st.text("abc äß", max_size=8))
def test_files_and_texts_are_read_as_sent(files: list[tuple[bytes, str]], text: str) -> None:
    body = b"".join(part(f"f{place}", content, "a.bin", kind) for place, (content, kind) in enumerate(files))
    body += part("text", text.encode()) + b"--BOUND--\r\n"
    fields, uploads = read_body("multipart/form-data; boundary=BOUND", body)
    assert fields == {"text": text}
    expected = [
        File(f"f{place}", "a.bin", content, kind.partition(";")[0]) for place, (content, kind) in enumerate(files)
    ]
    assert list(uploads) == expected


@pytest.mark.parametrize("quoted", ['"BOUND"', "BOUND", "BOUND; charset=utf-8"])
def test_the_boundary_may_be_quoted(quoted: str) -> None:
    body = b"preamble\r\n" + part("a", b"1") + b"--BOUND--\r\nepilogue"
    assert read_body(f"Multipart/Form-Data; boundary={quoted}", body) == ({"a": "1"}, ())


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x"),
        ("multipart/form-data; boundary=BOUND", b"--BOUND\r\nno end of headers"),
        ("multipart/form-data; boundary=BOUND", part("a", b"\xff")),
        ("application/x-www-form-urlencoded", b"a=\xff"),
        ("application/json", b"\xff{}"),
        ("application/json", b"[1]"),
    ],
)
def test_a_malformed_body_is_refused(kind: str, body: bytes) -> None:
    with pytest.raises(Refusal):
        read_body(kind, body)
