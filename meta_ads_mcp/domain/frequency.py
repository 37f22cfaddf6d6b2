"""Frequency caps of campaigns and ad sets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from meta_ads_mcp.core.params import Closed


class FrequencyControl(Closed):
    """At most `max_frequency` events per person in `interval_days` (SDK class AdCampaignFrequencyControlSpecs)."""

    event: Literal["IMPRESSIONS", "VIDEO_VIEWS", "VIDEO_VIEWS_2S", "VIDEO_VIEWS_15S"] = "IMPRESSIONS"
    interval_days: Annotated[int, Field(ge=1, le=90)]
    max_frequency: Annotated[int, Field(ge=1, le=90)]
