"""Images on their way to Meta: what their bytes say they are, how they come in, and what they are called."""

from __future__ import annotations

import binascii
import hashlib
import re
from dataclasses import dataclass

from meta_ads_mcp.core.values.text import clean
from meta_ads_mcp.errors import InvalidArguments

# Meta's Ads Guide: an image has at most 30 MB.
MOST_IMAGE_BYTES = 30 * 1024 * 1024
LONGEST_NAME = 100
# First bytes → mime type and extension. Meta docs (marketing-api/reference/ad-image) name BMP, JPEG and GIF and leave
# the list open, the Ads Guide names JPG and PNG; what of these Meta does not take after all, it refuses itself.
_KINDS = {
    re.compile(rb"\xff\xd8\xff"): ("image/jpeg", "jpg"),
    re.compile(rb"\x89PNG\r\n\x1a\n"): ("image/png", "png"),
    re.compile(rb"GIF8[79]a"): ("image/gif", "gif"),
    re.compile(rb"RIFF.{4}WEBP", re.DOTALL): ("image/webp", "webp"),
    re.compile(rb"II\*\x00|MM\x00\*"): ("image/tiff", "tiff"),
    # Two letters alone would be too many things: after the size come four bytes of zero.
    re.compile(rb"BM.{4}\x00{4}", re.DOTALL): ("image/bmp", "bmp"),
}
_EXTENSION = re.compile(r"\.(jpe?g|png|gif|webp|tiff?|bmp|heic|heif|avif|svg|ico)$", re.IGNORECASE)
_DATA_URL = re.compile(r"data:[^,]{0,200};base64,", re.IGNORECASE)
_NO_IMAGE = "this is no image that Meta takes: JPEG, PNG, GIF, WebP, TIFF or BMP"


@dataclass(frozen=True)
class Image:
    """An image as its bytes say: `mime` and `extension` are sniffed, never taken from somebody's word."""

    name: str
    mime: str
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def base64(self) -> str:
        return binascii.b2a_base64(self.content, newline=False).decode()

    def about(self) -> dict[str, str | int]:
        """What a plan shows in place of the bytes."""
        return {"name": self.name, "mime": self.mime, "bytes": len(self.content), "sha256": self.sha256}


def image(content: bytes, name: str | None) -> Image:
    """Raises InvalidArguments for bytes that are no image, or too many. Without a name the content gives one."""
    kind = _kind(content)
    if kind is None or not 0 < len(content) <= MOST_IMAGE_BYTES:
        reason = _NO_IMAGE if kind is None else f"an image has at most {MOST_IMAGE_BYTES} bytes"
        raise InvalidArguments(f"The image cannot be uploaded: {reason}.", "Give another image, or convert it.")
    mime, extension = kind
    return Image(_named(name or hashlib.sha256(content).hexdigest()[:12], extension), mime, content)


def decode_image(text: str) -> bytes:
    """The bytes of strict base64 (RFC 4648, padded, no line breaks) or of a data URL with it. Raises ValueError."""
    head = _DATA_URL.match(text)
    if (len(text) - (head.end() if head else 0)) * 3 // 4 > MOST_IMAGE_BYTES + 2:
        raise ValueError(f"an image has at most {MOST_IMAGE_BYTES} bytes")
    try:
        return binascii.a2b_base64(text[head.end() :] if head else text, strict_mode=True)
    except ValueError:
        raise ValueError("is not base64, or not whole: no line breaks, padded with =") from None


def mime_of(content: bytes) -> str | None:
    """The mime type of an image as its first bytes say; None for anything else."""
    kind = _kind(content)
    return kind[0] if kind else None


def encoded_image(text: str) -> str:
    """For an argument: the text as it is, when it holds an image. Raises ValueError."""
    if _kind(decode_image(text)) is None:
        raise ValueError(_NO_IMAGE)
    return text


def _kind(content: bytes) -> tuple[str, str] | None:
    return next((kind for pattern, kind in _KINDS.items() if pattern.match(content)), None)


def _named(name: str, extension: str) -> str:
    """A plain file name with the extension of the content."""
    stem = _EXTENSION.sub("", clean(name.replace("/", "_").replace("\\", "_")).strip()) or "image"
    return f"{stem[: LONGEST_NAME - len(extension) - 1]}.{extension}"
