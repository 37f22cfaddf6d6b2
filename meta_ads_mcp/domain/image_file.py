"""Decode, recognize and name images before they are uploaded to Meta."""

from __future__ import annotations

import binascii
import hashlib
import re
from dataclasses import dataclass

from meta_ads_mcp.core.values.text import clean
from meta_ads_mcp.errors import InvalidArguments

# Meta's Ads Guide.
MAX_IMAGE_BYTES = 30 * 1024 * 1024
MAX_NAME_CHARS = 100
# First bytes → MIME type and extension. Meta docs (marketing-api/reference/ad-image) list BMP, JPEG and GIF among
# others, and the Ads Guide lists JPG and PNG. Meta itself refuses any of these that it does not support.
_KINDS = {
    re.compile(rb"\xff\xd8\xff"): ("image/jpeg", "jpg"),
    re.compile(rb"\x89PNG\r\n\x1a\n"): ("image/png", "png"),
    re.compile(rb"GIF8[79]a"): ("image/gif", "gif"),
    re.compile(rb"RIFF.{4}WEBP", re.DOTALL): ("image/webp", "webp"),
    re.compile(rb"II\*\x00|MM\x00\*"): ("image/tiff", "tiff"),
    # "BM" alone matches too much: after the size come four zero bytes.
    re.compile(rb"BM.{4}\x00{4}", re.DOTALL): ("image/bmp", "bmp"),
}
_EXTENSION = re.compile(r"\.(jpe?g|png|gif|webp|tiff?|bmp|heic|heif|avif|svg|ico)$", re.IGNORECASE)
_DATA_URL = re.compile(r"data:[^,]{0,200};base64,", re.IGNORECASE)
_NOT_AN_IMAGE = "this is not an image that Meta accepts: JPEG, PNG, GIF, WebP, TIFF or BMP"


@dataclass(frozen=True)
class Image:
    """An image to upload. `mime` comes from the bytes, never from a file name or a header."""

    name: str
    mime: str
    content: bytes

    @property
    def sha256(self) -> str:
        """The SHA-256 of the bytes, as hex digits."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def base64(self) -> str:
        """The bytes as base64 without line breaks."""
        return binascii.b2a_base64(self.content, newline=False).decode()

    def describe(self) -> dict[str, str | int]:
        """Return what a plan shows instead of the bytes."""
        return {"name": self.name, "mime": self.mime, "bytes": len(self.content), "sha256": self.sha256}


def parse_image(content: bytes, name: str | None) -> Image:
    """Recognize an image. Without a name, a hash of the content is used.

    Raises InvalidArguments when the bytes are not an image, or are too many.
    """
    kind = _detect_kind(content)
    if kind is None or not 0 < len(content) <= MAX_IMAGE_BYTES:
        reason = _NOT_AN_IMAGE if kind is None else f"an image has at most {MAX_IMAGE_BYTES} bytes"
        raise InvalidArguments(f"The image cannot be uploaded: {reason}.", "Give another image, or convert it.")
    mime, extension = kind
    return Image(_file_name(name or hashlib.sha256(content).hexdigest()[:12], extension), mime, content)


def decode_image(text: str) -> bytes:
    """Decode strict base64 (RFC 4648, padded, no line breaks) or a base64 data URL. Raises ValueError."""
    head = _DATA_URL.match(text)
    if (len(text) - (head.end() if head else 0)) * 3 // 4 > MAX_IMAGE_BYTES + 2:
        raise ValueError(f"an image has at most {MAX_IMAGE_BYTES} bytes")
    try:
        return binascii.a2b_base64(text[head.end() :] if head else text, strict_mode=True)
    except ValueError:
        raise ValueError("is not complete base64 (padded with =, without line breaks)") from None


def detect_mime(content: bytes) -> str | None:
    """Return the MIME type that the first bytes indicate, or None when they are not an image."""
    kind = _detect_kind(content)
    return kind[0] if kind else None


def check_encoded_image(text: str) -> str:
    """Return the argument unchanged if it holds an image. Raises ValueError."""
    if _detect_kind(decode_image(text)) is None:
        raise ValueError(_NOT_AN_IMAGE)
    return text


def _detect_kind(content: bytes) -> tuple[str, str] | None:
    return next((kind for pattern, kind in _KINDS.items() if pattern.match(content)), None)


def _file_name(name: str, extension: str) -> str:
    """Return a plain file name with the extension that matches the content."""
    stem = _EXTENSION.sub("", clean(name.replace("/", "_").replace("\\", "_")).strip()) or "image"
    return f"{stem[: MAX_NAME_CHARS - len(extension) - 1]}.{extension}"
