"""Crops of an image: the largest box of each ratio in the middle."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.tools.creatives.crops import USUAL, compute_crops


@pytest.mark.parametrize(
    ("size", "key", "box"),
    [
        ((1080, 1080), "100x100", [[0, 0], [1080, 1080]]),
        ((1080, 1080), "400x500", [[108, 0], [972, 1080]]),
        ((1080, 1080), "400x150", [[0, 337], [1080, 742]]),
        ((1920, 1080), "100x100", [[420, 0], [1500, 1080]]),
    ],
)
def test_a_crop_is_the_largest_box_in_the_middle(size: tuple[int, int], key: Any, box: list[list[int]]) -> None:
    assert compute_crops(*size, [key]) == {key: box}


@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_six_boxes_lie_inside_the_image_and_fill_it_in_one_direction(width: int, height: int) -> None:
    found = compute_crops(width, height)
    assert set(found) == set(USUAL)
    assert len(found) == 6
    for (left, top), (right, bottom) in found.values():
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        assert (left, right) == (0, width) or (top, bottom) == (0, height)
