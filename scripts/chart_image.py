"""Write docs/images/chart.png: the trend of a campaign, from the sandbox on a fixed day.

Usage: python -m scripts.chart_image
"""

from __future__ import annotations

import asyncio
import base64
import io
from pathlib import Path

from fastmcp import Client
from PIL import Image

from tests.support.examples import demo_ids
from tests.support.sandbox_engine import build_server, shared_world

TARGET = Path(__file__).parent.parent / "docs" / "images" / "chart.png"
MAX_BYTES = 60_000


async def read_picture() -> bytes:
    """Return the picture of an answer, as a client receives it."""
    bench = build_server(shared_world())
    campaign = demo_ids(bench.world)("Campaign")
    query = {"object_id": campaign, "level": "campaign", "chart": True}
    async with Client(bench.server) as client:
        answer = await client.call_tool_mcp("ads_insights_performance_trend", query)
    return next(base64.b64decode(block.data) for block in answer.content if block.type == "image")


def compress(picture: bytes) -> bytes:
    """Return the picture with few colors, for a page that is read often."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    file = io.BytesIO()
    image.quantize(32, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def main() -> None:
    content = compress(asyncio.run(read_picture()))
    if len(content) > MAX_BYTES:
        raise SystemExit(f"The picture has {len(content)} bytes, more than {MAX_BYTES}.")
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(content)
    print(f"{TARGET} has {len(content)} bytes")


if __name__ == "__main__":
    main()
