"""A name that Graph does not know is answered with the nearest ones that it does."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.sandbox import SandboxTransport
from tests.support.sandbox_engine import SandboxEngine, build_reader, shared_world

INSIGHTS = "ads_get_insights"


@pytest.fixture(scope="module")
def engine() -> SandboxEngine:
    return build_reader(SandboxTransport(shared_world()))


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("impresions", "impressions"),
        ("ctr_all", "ctr"),
        ("installs", "app_install"),
        ("add_to_carts", "add_to_cart"),
        ("conversions_value", "conversion_values"),
        ("cost_per_leed", "cost_per_lead"),
        ("engagement", "post_engagement"),
        ("Frequncy".lower(), "frequency"),
    ],
)
async def test_an_unknown_figure_names_the_nearest(engine: SandboxEngine, name: str, meant: str) -> None:
    error = await engine.refused(INSIGHTS, object_id=engine.account, fields=["spend", name])
    assert name in error["message"]
    assert meant in error["next_step"]
    assert "ads://fields/insights" in error["next_step"]


async def test_every_named_figure_can_be_read(engine: SandboxEngine) -> None:
    error = await engine.refused(INSIGHTS, object_id=engine.account, fields=["engagements"])
    names = error["next_step"].partition(": ")[2].partition(".")[0].split(", ")
    assert len(names) > 1
    await engine.good(INSIGHTS, object_id=engine.account, fields=names)


@pytest.mark.parametrize(
    ("tool", "fields", "meant"),
    [
        ("ads_get_campaigns", ["nme"], "name"),
        ("ads_get_ads", ["creativ"], "creative"),
        ("ads_get_ads", ["creative{tile}"], "title"),
        ("ads_get_ad_sets", ["dayly_budget"], "daily_budget"),
        ("ads_get_custom_audiences", ["descriptio"], "description"),
    ],
)
async def test_an_unknown_field_of_an_object(engine: SandboxEngine, tool: str, fields: list[str], meant: str) -> None:
    error = await engine.refused(tool, account_id=engine.account, fields=fields)
    assert meant in error["next_step"]


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        ({"breakdowns": ["contry"]}, "country"),
        ({"action_breakdowns": ["action_devices"], "fields": ["actions"]}, "action_device"),
        ({"action_attribution_windows": ["7d_clik"]}, "7d_click"),
    ],
)
async def test_an_unknown_value_names_the_nearest(engine: SandboxEngine, arguments: dict[str, Any], meant: str) -> None:
    error = await engine.refused(INSIGHTS, object_id=engine.account, **arguments)
    assert meant in error["next_step"].partition("nearest to")[2]


async def test_a_name_like_no_other_is_named(engine: SandboxEngine) -> None:
    for arguments in ({"fields": ["zzzz"]}, {"breakdowns": ["zzzz"]}):
        assert "zzzz" in (await engine.refused(INSIGHTS, object_id=engine.account, **arguments))["next_step"]
