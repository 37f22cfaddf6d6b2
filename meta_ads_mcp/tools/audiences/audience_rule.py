"""Models of an audience rule: people with certain events, at certain sources, within a retention period.

Source: Meta docs, marketing-api/audiences/guides/website-custom-audiences and engagement-custom-audiences. Graph takes
the rule as JSON text and silently drops unknown keys, so these models reject them.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.params import Closed, Form
from meta_ads_mcp.core.values.enums import Word
from meta_ads_mcp.core.values.ids import ObjectId

Joint = Literal["and", "or"]
Text = Annotated[str, Field(min_length=1, max_length=500)]
YEAR_SECONDS = 366 * 86_400


class EventSource(Closed):
    """A source of events: a pixel, app, Page, Instagram account, lead form, …"""

    id: ObjectId
    type: Word


class Condition(Closed):
    """Compare a field of an event with a value."""

    field: Text
    operator: Annotated[str, Form("an operator", "i_contains"), Field(pattern=r"^([a-z_]{2,20}|[=<>!]{1,2})$")]
    value: Text


class Conditions(Closed):
    """Several conditions, all (`and`) or any (`or`) of which must hold."""

    operator: Joint
    filters: Annotated[list[Condition], Field(min_length=1, max_length=50)]


class AudienceFilter(Closed):
    """The top level of a filter: conditions or groups of conditions."""

    operator: Joint
    filters: Annotated[list[Condition | Conditions], Field(min_length=1, max_length=50)]


class Aggregation(Closed):
    """Require a frequency or an amount, such as a count of at least 3."""

    type: Literal["count", "sum", "avg", "min", "max", "time_spent", "last_event_time_field"]
    operator: Annotated[str, Form("an operator", "i_contains"), Field(pattern=r"^([a-z_]{2,20}|[=<>!]{1,2})$")]
    value: Text
    method: Literal["absolute", "percentile"] | None = None
    field: Text | None = None


class EventSourceRule(Closed):
    """Match people who did something at the sources within the last `retention_seconds` (seconds)."""

    event_sources: Annotated[list[EventSource], Field(min_length=1, max_length=50)]
    retention_seconds: Annotated[int, Field(ge=0, le=YEAR_SECONDS)]
    filter: AudienceFilter | None = None
    template: Word | None = None
    aggregation: Aggregation | None = None


class Rules(Closed):
    """Several rules, all (`and`) or any (`or`) of which must match."""

    operator: Joint
    rules: Annotated[list[EventSourceRule], Field(max_length=50)]


class AudienceRule(Closed):
    """The people to include in the audience, and those to exclude from it."""

    inclusions: Rules
    exclusions: Rules | None = None

    @model_validator(mode="after")
    def _each_says_what(self) -> Self:
        """Reject a rule without a filter and without a template, as Graph does."""
        for rule in self.inclusions.rules:
            if rule.filter is None and rule.template is None:
                raise ValueError("each rule has a filter (which events), or a template such as ALL_VISITORS")
        return self
