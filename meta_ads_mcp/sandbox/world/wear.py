"""Ads that people have seen too often: they are shown more and more, and clicked less and less."""

from __future__ import annotations

from dataclasses import replace

from meta_ads_mcp.sandbox.delivery_plan import FAR, Drift, Part

# The campaigns and audiences in which ads wear out.
OBJECTIVES = ("OUTCOME_SALES", "OUTCOME_LEADS", "OUTCOME_TRAFFIC")
SMALL_AUDIENCES = ("Site visitors 30d", "Past buyers")
WORN_AGE, WORN_FROM = 55, 40  # a worn ad is so many days old, and wears since so many days
WORN_WEIGHT, WORN_GROWTH = 4.0, 1.8  # it is shown more than others, and ever more
WORN_CTR = 0.4  # what is left of its click rate


def drifts_of_worn_ad(today: int) -> tuple[Drift, Drift]:
    """Return how a worn ad changes until a day (an ordinal)."""
    return (
        Drift("impressions", today - WORN_AGE, WORN_GROWTH, WORN_AGE),
        Drift("clicks", today - WORN_FROM, WORN_CTR, WORN_FROM - 5),
    )


def lost_clicks(parts: tuple[Part, ...]) -> tuple[Drift, ...]:
    """Return what a whole loses by its worn parts, so that the other parts do not gain their clicks."""
    weights = [part.weight * (part.stop == FAR) for part in parts]
    weights = [weight * part.drift("impressions", FAR) for weight, part in zip(weights, parts, strict=True)]
    return tuple(
        replace(drift, factor=1 - weight / sum(weights) * (1 - drift.factor))
        for weight, part in zip(weights, parts, strict=True)
        for drift in part.drifts
        if drift.metric == "clicks" and weight
    )
