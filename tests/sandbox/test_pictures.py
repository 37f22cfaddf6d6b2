"""The pictures of the demo are real PNG files that follow from their address."""

from __future__ import annotations

import pytest

from meta_ads_mcp.domain.image_file import parse_image
from meta_ads_mcp.engine.files.uploads import DrawnPictures
from meta_ads_mcp.errors import Denied
from meta_ads_mcp.sandbox.pictures import HOST, draw_picture

MAX_BYTES = 20_000


def test_an_address_has_the_same_picture_in_every_size() -> None:
    assert draw_picture("a.jpg") == draw_picture("a_128.jpg") != draw_picture("b.jpg")
    assert len(draw_picture("a.jpg")) < MAX_BYTES
    assert parse_image(draw_picture("a.jpg"), None).name.endswith(".png")


async def test_only_the_host_of_the_demo_has_pictures() -> None:
    pictures = DrawnPictures(HOST, draw_picture)
    assert (await pictures.get(f"https://{HOST}/a.jpg", MAX_BYTES)).name == "a.jpg"
    with pytest.raises(Denied):
        await pictures.get("https://example.com/a.jpg", MAX_BYTES)
