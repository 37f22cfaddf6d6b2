"""Ids as Graph gives them: long numbers, the same for the same seed."""

from __future__ import annotations

import hashlib

# kind -> (leading digits, length)
SHAPES = {
    "business": ("7", 15),
    "user": ("1220", 18),
    "account": ("", 16),
    "campaign": ("1202", 18),
    "adset": ("1202", 18),
    "ad": ("1202", 18),
    "creative": ("12", 16),
    "page": ("10", 15),
    "instagram": ("17841", 17),
    "ig_media": ("1790", 17),
    "ig_comment": ("1798", 17),
    "pixel": ("", 16),
    "video": ("8", 16),
    "post": ("1220", 18),
    "audience": ("1202", 18),
    "app": ("4", 15),
    "form": ("9", 16),
    "lead": ("3", 16),
    "comment": ("2", 16),
    "rule": ("2386", 17),
    "study": ("6", 15),
    "conversion": ("5", 16),
    "label": ("6", 16),
    "schedule": ("31", 16),
    "catalog": ("3", 15),
    "feed": ("28", 16),
    "upload": ("29", 16),
    "upload_error": ("27", 16),
    "product_set": ("26", 16),
    "product": ("25", 17),
    "value_rules": ("63", 16),
    "controls": ("66", 16),
    "block_list": ("67", 16),
    "prediction": ("69", 16),
}


def make(seed: int, kind: str, *key: object) -> str:
    """A number of the kind's length; two keys never share one in practice (13 random digits or more)."""
    lead, length = SHAPES[kind]
    digest = hashlib.blake2b(f"{seed}/{kind}/{key}".encode(), digest_size=12).hexdigest()
    digits = str(int(digest, 16))
    body = digits[1 : length - len(lead) + 1]
    return lead + (str(1 + int(digits[0]) % 9) + body[1:] if not lead else body)


def image_hash(seed: int, *key: object) -> str:
    """32 hex digits, as of an ad image."""
    return hashlib.blake2b(f"{seed}/image/{key}".encode(), digest_size=16).hexdigest()
