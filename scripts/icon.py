"""Draw the icon of the bundle and the plugin: rising bars with a trend line. Not Meta's logo.

Usage: python scripts/icon.py     writes bundle/icon.png (512 x 512)
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

TARGET = Path(__file__).parent.parent / "bundle" / "icon.png"
SIZE, SCALE = 512, 4
TOP, BOTTOM = (29, 78, 216), (14, 116, 144)
BAR, LINE = (255, 255, 255, 235), (253, 224, 71, 255)
# Left edge and top of each bar, and the points of the line, on a grid of 512.
BARS = ((112, 304), (196, 256), (280, 280), (364, 176))
POINTS = ((140, 236), (224, 188), (308, 212), (392, 112))
BASE, WIDTH = 400, 56


def draw() -> Image.Image:
    side = SIZE * SCALE
    image = Image.new("RGBA", (side, side))
    image.paste(gradient(side), mask=rounded_mask(side))
    pen = ImageDraw.Draw(image)
    for left, top in BARS:
        box = [value * SCALE for value in (left, top, left + WIDTH, BASE)]
        pen.rounded_rectangle(box, radius=12 * SCALE, fill=BAR)
    points = [(x * SCALE, y * SCALE) for x, y in POINTS]
    pen.line(points, fill=LINE, width=16 * SCALE, joint="curve")
    for x, y in points:
        pen.circle((x, y), 18 * SCALE, fill=LINE)
    return image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def gradient(side: int) -> Image.Image:
    column = Image.new("RGB", (1, side))
    for y in range(side):
        color = tuple(round(a + (b - a) * y / (side - 1)) for a, b in zip(TOP, BOTTOM, strict=True))
        column.putpixel((0, y), color)
    return column.resize((side, side))


def rounded_mask(side: int) -> Image.Image:
    mask = Image.new("L", (side, side))
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, side - 1, side - 1), radius=side // 5, fill=255)
    return mask


if __name__ == "__main__":
    draw().save(TARGET, optimize=True)
