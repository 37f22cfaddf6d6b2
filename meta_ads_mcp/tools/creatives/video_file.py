"""Recognize video files by their content, so that nothing else leaves this machine as a video.

The formats are those that Meta lists for videos (Meta docs, graph-api/video-uploads). A name proves nothing: a private
key in a folder that is open for uploads must not be sent because its name ends in .mp4.
"""

from __future__ import annotations

import re
from typing import BinaryIO

from meta_ads_mcp.errors import InvalidArguments

HEAD_BYTES = 4096
TRANSPORT_PACKET_BYTES = 188
_FORMATS = (
    # MP4, MOV, M4V, 3GP and F4V: a size, then the name of the first atom.
    re.compile(rb".{4}(ftyp|moov|mdat|wide|free|skip|pnot)", re.DOTALL),
    re.compile(rb"RIFF.{4}AVI ", re.DOTALL),
    re.compile(rb"\x1a\x45\xdf\xa3"),  # Matroska and WebM
    re.compile(rb"FLV\x01"),
    re.compile(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),  # ASF and WMV
    re.compile(rb"\x00\x00\x01[\xb3\xba]"),  # MPEG video and program streams
    re.compile(rb"OggS"),
    re.compile(rb"GIF8[79]a"),
    re.compile(rb"NSV[fs]"),
    re.compile(rb"\x1f\x07\x00"),  # DV
)
# A transport stream (.ts, .mts, .m2ts) has a sync byte every 188 or 192 bytes.
_SYNC, _M2TS_OFFSET, _M2TS_PACKET_BYTES = 0x47, 4, 192


def require_video(file: BinaryIO, name: str) -> None:
    """Raise InvalidArguments unless the content is that of a video. The file stays at its start."""
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if not any(pattern.match(head) for pattern in _FORMATS) and not _is_transport_stream(head):
        raise InvalidArguments(
            f"{name} is not a video that Meta takes, by its content.",
            "Give an MP4, MOV, AVI, WMV, MKV, WebM, MPEG, FLV or 3GP file.",
        )


def _is_transport_stream(head: bytes) -> bool:
    for start, step in ((0, TRANSPORT_PACKET_BYTES), (_M2TS_OFFSET, _M2TS_PACKET_BYTES)):
        marks = head[start : start + 4 * step + 1 : step]
        if len(marks) == 5 and set(marks) == {_SYNC}:
            return True
    return False
