"""Turn a chart into files: the picture of the answer, and the same as SVG and PNG for slides."""

from __future__ import annotations

import re
from dataclasses import dataclass

from meta_ads_mcp.analysis.charts.panels import RowChart, TimeChart, texts_of
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Exported
from meta_ads_mcp.errors import Denied

NO_ROWS = "No picture: there are no rows to draw."
NOT_INSTALLED = "No picture: the package resvg_py is missing. Install meta-ads-local-mcp again, with its dependencies."
MAX_NAME = 80


@dataclass(frozen=True)
class Picture:
    """The pictures of an answer as PNG, and the files of them on this machine."""

    images: tuple[bytes, ...] = ()
    files: tuple[Exported, ...] = ()


NO_PICTURE = Picture()


def draw_chart(call: Call, chart: TimeChart | RowChart, name: str) -> Picture:
    """Draw a chart. `name` is that of its files: an earlier picture of the same name is replaced.

    Nothing is imported for drawing before this. Adds notes about characters that no font has.
    """
    try:
        from meta_ads_mcp.analysis.charts import raster  # noqa: PLC0415  a start does not wait for it
    except ImportError:
        call.note(NOT_INSTALLED)
        return NO_PICTURE
    from meta_ads_mcp.analysis.charts.lettering import lettering  # noqa: PLC0415
    from meta_ads_mcp.analysis.charts.row_chart import draw_row_chart  # noqa: PLC0415
    from meta_ads_mcp.analysis.charts.time_chart import draw_time_chart  # noqa: PLC0415

    letters = lettering(texts_of(chart), raster.find_missing)
    svg = draw_row_chart(chart, letters) if isinstance(chart, RowChart) else draw_time_chart(chart, letters)
    image = raster.png(svg, system_fonts=letters.uses_system_fonts)
    for note in letters.notes():
        call.note(note)
    return Picture((image,), _save(call, name, {"svg": svg.encode(), "png": image}))


def _save(call: Call, name: str, contents: dict[str, bytes]) -> tuple[Exported, ...]:
    """Save the picture in the media folder; nothing if this server has no such folder."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:MAX_NAME].strip("-")
    try:
        paths = {kind: call.exports.keep(plain, kind, content) for kind, content in contents.items()}
    except Denied:
        return ()
    call.note(f"The picture for slides is {paths['png']}; the .svg beside it can be edited.")
    return tuple(Exported(path, 0, (), len(contents[kind])) for kind, path in paths.items())
