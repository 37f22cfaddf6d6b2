"""An address that is not public is refused before any connection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.media_library import MediaLibrary
from tests.support.write_cases import ACCOUNT, PAGE, VIDEO


@pytest.fixture
def desk(tmp_path: Path) -> MediaLibrary:
    return MediaLibrary(tmp_path)


NEVER_FETCHED = [
    *(
        f"https://{host}/a.png"
        for host in (
            "127.0.0.1 10.0.0.1 172.16.0.1 192.168.0.1 169.254.169.254 0.0.0.0 [::1] [::ffff:127.0.0.1] [fe80::1] "
            "100.64.0.1 192.0.2.1 198.51.100.1 203.0.113.1 240.0.0.1 localhost"
        ).split()
    ),
    *(f"{scheme}://img.example/a.png" for scheme in ("file", "ftp", "gopher", "http")),
    "file:///etc/passwd",
    "https:///a.png",
    "https://",
    "",
]
FROM_THE_WEB: list[tuple[str, dict[str, Any], str]] = [
    ("ads_upload_ad_image", {}, "image_url"),
    ("ads_upload_ad_video", {}, "file_url"),
    ("ads_create_ad_creative", {"page_id": PAGE, "link_url": "https://shop.example"}, "image_url"),
    (
        "ads_create_ad_creative",
        {"page_id": PAGE, "link_url": "https://shop.example", "video_id": VIDEO},
        "thumbnail_url",
    ),
]


@pytest.mark.parametrize("url", NEVER_FETCHED)
async def test_an_address_that_is_not_public_costs_no_connection_and_no_request(desk: MediaLibrary, url: str) -> None:
    made = desk.engine()
    for tool, arguments, name in FROM_THE_WEB:
        answer = await made.call(tool, {"account_id": ACCOUNT, **arguments, name: url})
        assert answer.structured["error"]["kind"] == "invalid_arguments", tool
        assert name in answer.text
    assert (desk.graph.sent, desk.web.asked) == ([], [])
