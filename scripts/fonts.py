"""Make the fonts of charts: subsets of open fonts, and the widths of their characters.

Run it in an environment of its own, with the TTF files of the fonts in a folder:

    npm pack @expo-google-fonts/inter @expo-google-fonts/vazirmatn \
        @expo-google-fonts/noto-sans-thai @expo-google-fonts/noto-sans-hebrew
    uv run --with fonttools scripts/fonts.py FOLDER

All of them are under the SIL Open Font License 1.1 without a reserved name, so that a subset keeps its name.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

TARGET = Path(__file__).parent.parent / "meta_ads_mcp" / "analysis" / "charts" / "fonts"
LATIN = (
    "20-7E A0-24F 259 300-36F 370-3FF 400-52F 1E00-1EFF 2000-206F 2070-209F 20A0-20C0 2116 2122 2190-2199 2212 2248 "
    "2260 2264 2265"
)
# The source, the file that charts use, and its characters.
FONTS = {
    "Inter_400Regular.ttf": ("inter-regular.ttf", LATIN),
    "Inter_600SemiBold.ttf": ("inter-semibold.ttf", LATIN),
    "NotoSansThai_400Regular.ttf": ("noto-sans-thai.ttf", "E00-E7F"),
    "NotoSansHebrew_400Regular.ttf": ("noto-sans-hebrew.ttf", "590-5FF"),
    "Vazirmatn_400Regular.ttf": ("vazirmatn.ttf", "600-6FF 200C-200F"),
}
FEATURES = "kern mark mkmk ccmp locl isol init medi fina rlig liga calt".split()


def characters(text: str) -> list[int]:
    """Return the code points of ranges such as `20-7E A0`."""
    ranges = [part.partition("-") for part in text.split()]
    return [point for first, _, last in ranges for point in range(int(first, 16), int(last or first, 16) + 1)]


def make_font(source: Path, target: Path, points: list[int]) -> dict[str, int]:
    """Write the subset, and return the widths of its characters in thousandths of the font size."""
    options = subset.Options(layout_features=FEATURES, hinting=False, name_IDs=["*"])
    font = subset.load_font(str(source), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=points)
    subsetter.subset(font)
    subset.save_font(font, str(target), options)
    made = TTFont(target)
    scale = 1000 / made["head"].unitsPerEm
    return {f"{point:x}": round(made["hmtx"][name][0] * scale) for point, name in sorted(made.getBestCmap().items())}


def main() -> None:
    sources = {path.name: path for path in Path(sys.argv[1]).rglob("*.ttf")}
    widths = {
        target: make_font(sources[name], TARGET / target, characters(points))
        for name, (target, points) in FONTS.items()
    }
    text = json.dumps(widths, separators=(",", ":"))
    (TARGET / "widths.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
