"""Forms and files on the wire: long texts, parts of uploads, and what a refused part says of where to go on."""

from __future__ import annotations

import email
import email.policy
import json
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.core.graph_versions import GRAPH_VERSION
from meta_ads_mcp.errors import AdsError, UnknownOutcome
from meta_ads_mcp.graph.classify import parse_error
from meta_ads_mcp.graph.encoding import encode_body
from tests.support.fake_transport import TOKEN, FakeTransport, refusal

PART = {"video_file_chunk": ("clip.mp4", bytes(range(256)), "application/octet-stream")}
TRANSFER = {"upload_phase": "transfer", "upload_session_id": "77", "start_offset": 0}


def parts_of(request: httpx.Request) -> dict[str, tuple[str | None, bytes]]:
    """Each part of a multipart body: its file name and its content."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message = email.message_from_bytes(head + request.content, policy=email.policy.HTTP)
    return {
        str(part.get_param("name", header="content-disposition")): (
            part.get_filename(),
            bytes(part.get_payload(decode=True)),
        )  # type: ignore[arg-type]
        for part in message.iter_parts()
    }


async def send_part(wire: FakeTransport) -> Any:
    upload = {"write": True, "repeatable": False, "patience": "upload"}
    return await wire.send("POST", "act_1/advideos", params=TRANSFER, files=PART, **upload)


async def test_a_part_goes_to_the_video_host_with_its_bytes_and_the_token_in_the_header() -> None:
    wire = FakeTransport(lambda _: {"start_offset": "256", "end_offset": "256"}, app_secret="hush")
    assert await send_part(wire) == {"start_offset": "256", "end_offset": "256"}
    (sent,) = wire.requests
    found = parts_of(sent)
    assert str(sent.url) == f"https://graph-video.facebook.com/{GRAPH_VERSION}/act_1/advideos"
    assert found["video_file_chunk"] == ("clip.mp4", bytes(range(256)))
    assert found["start_offset"] == (None, b"0")
    assert found.keys() == {*TRANSFER, "video_file_chunk", "appsecret_proof"}
    assert sent.headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN.encode() not in sent.content


@pytest.mark.parametrize(
    "failure", [httpx.ReadTimeout("slow"), refusal(2, status=500), httpx.Response(200, text="<html>")]
)
async def test_a_part_is_sent_once_and_a_lost_answer_is_said(failure: Any) -> None:
    def answer(_: httpx.Request) -> Any:
        if isinstance(failure, Exception):
            raise failure
        return failure

    wire = FakeTransport(answer)
    with pytest.raises(UnknownOutcome):
        await send_part(wire)
    assert len(wire.requests) == 1
    assert wire.governor.is_balanced


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize(
    ("data", "offsets"),
    [
        ({"start_offset": 0, "end_offset": 52}, (0, 52)),
        ({"start_offset": "10", "end_offset": "20"}, (10, 20)),
        ({"start_offset": 10}, None),
        ({"start_offset": [], "end_offset": True}, None),
        ([], None),
        ("", None),
    ],
)
async def test_a_refused_part_says_where_to_go_on(data: Any, offsets: Any, as_text: bool) -> None:
    wire = FakeTransport(lambda _: refusal(6001, 1363037, error_data=json.dumps(data) if as_text else data))
    with pytest.raises(AdsError) as refused:
        await send_part(wire)
    assert refused.value.graph is not None
    assert refused.value.graph.offsets == offsets
    assert "offset" not in str(refused.value.public())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_error_data_is_read(data: Any) -> None:
    found = parse_error({"error": {"code": 1, "message": "m", "error_data": data}}, 400)
    assert found is not None
    assert found.code == 1


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]))
    )
)
def test_a_form_is_what_the_standard_library_makes_of_it(params: dict[str, str]) -> None:
    assert encode_body(params, {}, {})["content"] == urlencode(params)


async def test_base64_survives_a_form() -> None:
    wire = FakeTransport(lambda _: {"images": {}})
    await wire.send("POST", "act_1/adimages", params={"bytes": "a+b/c==", "name": "Ünü 1.png"}, write=True)
    (sent,) = wire.requests
    assert sent.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(sent.content.decode()) == {"bytes": ["a+b/c=="], "name": ["Ünü 1.png"]}
