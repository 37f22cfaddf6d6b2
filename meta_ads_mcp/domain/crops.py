"""Crops of an image, as `image_crops` of a creative takes them.

A key is a ratio of width to height; its value are the upper left and the lower right corner of a box of that ratio, in
pixels of the image (Meta docs, marketing-api/image-crops and reference/ads-image-crops).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

CropKey = Literal["100x100", "100x72", "300x400", "400x150", "400x500", "600x360", "90x160", "191x100"]
# The keys of Meta's reference; the SDK has 300x400 besides.
USUAL: tuple[CropKey, ...] = ("100x100", "100x72", "400x150", "400x500", "600x360", "90x160")
# Gone from Meta's reference: ads with it end in WITH_ISSUES (error 2490085).
RETIRED = frozenset({"191x100"})

Box = list[list[int]]


def crops(width: int, height: int, keys: Sequence[CropKey] = USUAL) -> dict[str, Box]:
    """The largest box of each ratio inside the image, in its middle; retired keys are left out.

    Raises ValueError when a side is not positive.
    """
    if width <= 0 or height <= 0:
        raise ValueError("an image has a width and a height of at least 1 pixel")
    return {key: _box(width, height, *_ratio(key)) for key in keys if key not in RETIRED}


def _ratio(key: CropKey) -> tuple[int, int]:
    across, _, down = key.partition("x")
    return int(across), int(down)


def _box(width: int, height: int, across: int, down: int) -> Box:
    if width * down <= height * across:
        wide, high = width, max(1, width * down // across)
    else:
        wide, high = max(1, height * across // down), height
    left, top = (width - wide) // 2, (height - high) // 2
    return [[left, top], [left + wide, top + high]]
