"""The rule of an audience made from what people did: of which sources, in which time, and which events.

Source: Meta docs, marketing-api/audiences/guides/website-custom-audiences and engagement-custom-audiences. Graph takes
the rule as JSON text and drops keys it does not know, so the keys are closed here.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.params import Closed
from meta_ads_mcp.core.values.enums import Word
from meta_ads_mcp.core.values.ids import ObjectId

Joint = Literal["and", "or"]
Text = Annotated[str, Field(min_length=1, max_length=500)]
YEAR_SECONDS = 366 * 86_400


class EventSource(Closed):
    """A pixel, app, Page, Instagram account, lead form, …"""

    id: ObjectId
    type: Word


class Condition(Closed):
    """A field of an event compared with a value."""

    field: Text
    operator: Annotated[str, Field(pattern=r"^([a-z_]{2,20}|[=<>!]{1,2})$")]
    value: Text


class Conditions(Closed):
    """Conditions that hold together, or of which one has to."""

    operator: Joint
    filters: Annotated[list[Condition], Field(min_length=1, max_length=50)]


class AudienceFilter(Closed):
    """Conditions, or groups of them."""

    operator: Joint
    filters: Annotated[list[Condition | Conditions], Field(min_length=1, max_length=50)]


class Aggregation(Closed):
    """How often or how much, such as a count of at least 3."""

    type: Literal["count", "sum", "avg", "min", "max", "time_spent", "last_event_time_field"]
    operator: Annotated[str, Field(pattern=r"^([a-z_]{2,20}|[=<>!]{1,2})$")]
    value: Text
    method: Literal["absolute", "percentile"] | None = None
    field: Text | None = None


class EventSourceRule(Closed):
    """Who did something, at which sources, in the last `retention_seconds`."""

    event_sources: Annotated[list[EventSource], Field(min_length=1, max_length=50)]
    retention_seconds: Annotated[int, Field(ge=0, le=YEAR_SECONDS)]
    filter: AudienceFilter | None = None
    template: Word | None = None
    aggregation: Aggregation | None = None


class Rules(Closed):
    """Rules that hold together, or of which one has to."""

    operator: Joint
    rules: Annotated[list[EventSourceRule], Field(min_length=1, max_length=50)]


class AudienceRule(Closed):
    """Who is in the audience, and who of them is not."""

    inclusions: Rules
    exclusions: Rules | None = None

    @model_validator(mode="after")
    def _each_says_what(self) -> Self:
        """A rule without a filter and a template matches nobody in particular, and Graph refuses it."""
        for rule in self.inclusions.rules:
            if rule.filter is None and rule.template is None:
                raise ValueError("each rule has a filter (which events), or a template such as ALL_VISITORS")
        return self
