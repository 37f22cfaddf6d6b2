"""Compute the boxes that `image_crops` of a creative takes.

A crop key is a ratio of width to height. Its value is the upper left and the lower right corner of a box of that
ratio, in pixels of the image (Meta docs: marketing-api/image-crops, reference/ads-image-crops).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

CropKey = Literal["100x100", "100x72", "300x400", "400x150", "400x500", "600x360", "90x160", "191x100"]
# The keys of Meta's reference page. The SDK class AdsImageCrops also has 300x400.
USUAL: tuple[CropKey, ...] = ("100x100", "100x72", "400x150", "400x500", "600x360", "90x160")
# Removed from Meta's reference page: ads with this crop end in WITH_ISSUES (error 2490085).
RETIRED = frozenset({"191x100"})

Box = list[list[int]]


def compute_crops(width: int, height: int, keys: Sequence[CropKey] = USUAL) -> dict[str, Box]:
    """Return the largest centered box of each ratio, as [[left, top], [right, bottom]] in pixels.

    Retired keys are left out. Raises ValueError when a side is not positive.
    """
    if width <= 0 or height <= 0:
        raise ValueError("an image has a width and a height of at least 1 pixel")
    return {key: _center_box(width, height, *_parse_ratio(key)) for key in keys if key not in RETIRED}


def _parse_ratio(key: CropKey) -> tuple[int, int]:
    ratio_width, _, ratio_height = key.partition("x")
    return int(ratio_width), int(ratio_height)


def _center_box(width: int, height: int, ratio_width: int, ratio_height: int) -> Box:
    if width * ratio_height <= height * ratio_width:
        box_width, box_height = width, max(1, width * ratio_height // ratio_width)
    else:
        box_width, box_height = max(1, height * ratio_width // ratio_height), height
    left, top = (width - box_width) // 2, (height - box_height) // 2
    return [[left, top], [left + box_width, top + box_height]]
