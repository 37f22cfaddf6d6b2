"""Only a file with the content of a video is uploaded as one."""

from __future__ import annotations

import io

import pytest

from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.creatives.video_file import TRANSPORT_PACKET_BYTES, require_video

PACKET = b"\x47" + b"\x00" * (TRANSPORT_PACKET_BYTES - 1)
VIDEOS = {
    "mp4": b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 50,
    "old mov": b"\x00\x00\x00\x08wide\x00\x00\x10\x00mdat",
    "avi": b"RIFF\x10\x00\x00\x00AVI LIST",
    "webm": b"\x1a\x45\xdf\xa3" + b"\x00" * 40,
    "wmv": b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9",
    "mpeg": b"\x00\x00\x01\xba" + b"\x44" * 20,
    "flv": b"FLV\x01\x05",
    "ts": PACKET * 6,
    "m2ts": (b"\x00" * 4 + PACKET) * 6,
}
OTHERS = {
    "private key": b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAA\n",
    "text": b"user,password\nroot,secret\n",
    "text with the letter of a sync byte": b"GGGG GGGG",
    "zip": b"PK\x03\x04" + b"\x00" * 40,
    "png": b"\x89PNG\r\n\x1a\n",
    "pdf": b"%PDF-1.7",
    "empty": b"",
    "wave": b"RIFF\x10\x00\x00\x00WAVEfmt ",
}


@pytest.mark.parametrize("content", VIDEOS.values(), ids=VIDEOS)
def test_videos_pass_and_stay_at_their_start(content: bytes) -> None:
    file = io.BytesIO(content)
    require_video(file, "clip.mp4")
    assert file.tell() == 0


@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS)
def test_other_files_are_refused_whatever_their_name(content: bytes) -> None:
    with pytest.raises(InvalidArguments, match=r"clip\.mp4 is not a video"):
        require_video(io.BytesIO(content), "clip.mp4")
