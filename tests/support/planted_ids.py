"""Arguments with ids of one's own and of other accounts in every place where a call can name an object.

Templates hold `{Kind}` where an id of that kind belongs. `fill` puts an id of an allowed or of a foreign account there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from meta_ads_mcp.core.schema import full_schema
from meta_ads_mcp.core.tool import Tool
from tests.support.arguments import argument
from tests.support.ownership import Ownership

_PLACE = re.compile(r"\{([A-Za-z]+)\}")
_ID = re.compile(r"act_[0-9]+|[0-9]{5,}(_[0-9]+)?")


def _place(kind: str) -> str:
    return f"{{{kind}}}"


US: dict[str, Any] = {"geo_locations": {"countries": ["US"]}}
_AUDIENCES = [{"id": "{CustomAudience}"}]
_TARGETING: tuple[Any, ...] = (
    {**US, "custom_audiences": _AUDIENCES},
    {**US, "custom_audiences": ["{CustomAudience}"]},
    {**US, "excluded_custom_audiences": _AUDIENCES},
    {**US, "flexible_spec": [{"custom_audiences": _AUDIENCES}]},
    {**US, "exclusions": {"custom_audiences": _AUDIENCES}},
    {**US, "connections": [{"id": "{Page}"}]},
    {**US, "excluded_connections": ["{Page}"]},
    {**US, "friends_of_connections": [{"id": "{Page}"}]},
    {**US, "dynamic_audience_ids": ["{CustomAudience}"]},
    {**US, "engagement_specs": [{"action.type": ["video_view"], "post": ["{PagePost}"]}]},
    {**US, "product_audience_specs": [{"product_set_id": "{ProductSet}"}]},
)
_PROMOTED: tuple[Any, ...] = (
    {"page_id": "{Page}"},
    {"pixel_id": "{AdsPixel}", "custom_event_type": "PURCHASE"},
    {"custom_conversion_id": "{CustomConversion}"},
    {"product_set_id": "{ProductSet}"},
    {"product_catalog_id": "{ProductCatalog}"},
    {"event_id": "{PagePost}"},
    {"application_id": "{Page}", "object_store_url": "https://apps.example/app"},
    {"offline_conversion_data_set_id": "{AdsPixel}"},
)
_FILTERS: tuple[Any, ...] = tuple(
    [{"field": f"{node}.id", "operator": operator, "value": [_place(kind)]}]
    for node, kind in (("campaign", "Campaign"), ("adset", "AdSet"), ("ad", "Ad"))
    for operator in ("IN", "EQUAL", "NOT_IN")
)
_ANY_OBJECT: tuple[Any, ...] = (
    {"page_id": "{Page}"},
    {"id": "{Campaign}"},
    {"anything": {"else": ["{AdSet}"]}},
    {"{Ad}": "1"},
)
_VISITS = {
    "retention_seconds": 86400,
    "filter": {"operator": "and", "filters": [{"field": "event", "operator": "eq", "value": "PageView"}]},
}
# These say everything about a new object, so that only required arguments stand beside them.
_ALONE = frozenset({"object_story_spec", "asset_feed_spec", "rule"})
_RULE_SOURCES = [("pixel", "AdsPixel"), ("page", "Page"), ("ig_business", "IGUser"), ("lead", "LeadgenForm")]
# Argument → values that it can have.
SHAPES: Mapping[str, tuple[Any, ...]] = {
    "targeting": _TARGETING,
    "targeting_spec": _TARGETING,
    "promoted_object": _PROMOTED,
    "tracking_specs": (
        [{"action.type": ["offsite_conversion"], "fb_pixel": ["{AdsPixel}"]}],
        [{"action.type": ["post_engagement"], "page": ["{Page}"], "post": ["{PagePost}"]}],
        [{"action.type": ["leadgen"], "leadgen": ["{LeadgenForm}"]}],
        [{"action.type": ["offsite_conversion"], "conversion_id": ["{CustomConversion}"]}],
    ),
    "object_story_spec": (
        {"page_id": "{Page}", "link_data": {"link": "https://shop.example/", "message": "Spring"}},
        {"page_id": "{Page}", "instagram_user_id": "{IGUser}", "video_data": {"video_id": "{AdVideo}"}},
        {
            "page_id": "{Page}",
            "link_data": {
                "link": "https://shop.example/",
                "call_to_action": {"type": "SIGN_UP", "value": {"lead_gen_form_id": "{LeadgenForm}"}},
            },
        },
    ),
    "asset_feed_spec": (
        {"videos": [{"video_id": "{AdVideo}"}], "bodies": [{"text": "Spring"}]},
        {"call_to_actions": [{"type": "SIGN_UP", "value": {"lead_gen_form_id": "{LeadgenForm}"}}]},
    ),
    "call_to_action": (
        {"type": "SIGN_UP", "value": {"lead_gen_form_id": "{LeadgenForm}"}},
        {"type": "LEARN_MORE", "value": {"link": "https://shop.example/", "page": "{Page}"}},
    ),
    "creative": (
        {"creative_id": "{AdCreative}"},
        {"object_story_id": "{PagePost}"},
        {"object_story_spec": {"page_id": "{Page}", "link_data": {"link": "https://shop.example/"}}},
    ),
    "rule": (
        *(
            {
                "inclusions": {
                    "operator": "or",
                    "rules": [
                        {
                            "event_sources": [{"type": kind, "id": _place(node)}],
                            **_VISITS,
                        }
                    ],
                }
            }
            for kind, node in _RULE_SOURCES
        ),
        {"and": [{"event": {"eq": "Purchase"}}, {"campaign_id": {"eq": "{Campaign}"}}]},
    ),
    "evaluation_spec": tuple(
        {
            "evaluation_type": "SCHEDULE",
            "filters": [{"field": field, "operator": "IN", "value": [_place(kind)]}],
        }
        for field, kind in (("id", "AdSet"), ("campaign.id", "Campaign"), ("adset.id", "AdSet"), ("ad.id", "Ad"))
    ),
    "filtering": _FILTERS,
    "adset_budgets": ([{"adset_id": "{AdSet}", "daily_budget": 2000}],),
    "cells": (
        [
            {"name": "A", "treatment_percentage": 50, "ad_sets": ["{AdSet}"]},
            {"name": "B", "treatment_percentage": 50, "campaigns": ["{Campaign}"]},
        ],
    ),
    "objectives": ([{"name": "Sales", "type": "SALES", "adspixels": [{"id": "{AdsPixel}"}]}],),
    "adlabels": ([{"id": "{Campaign}"}],),
    "cards": ([{"link": "https://shop.example/1", "video_id": "{AdVideo}"}, {"link": "https://shop.example/2"}],),
    "videos": ([{"video_id": "{AdVideo}"}],),
    "target_ad_set": (
        {"name": "Clone", "promoted_object": {"page_id": "{Page}"}},
        {"name": "Clone", "geo_override": {"custom_audiences": _AUDIENCES}},
    ),
    "creative_overrides": ([{"source_ad_id": "{Ad}"}], [{"source_creative_id": "{AdCreative}"}]),
    "updates": (
        {"creative_id": "{AdCreative}"},
        {"name": "New", "targeting": _TARGETING[0]},
        {"tracking_specs": [{"fb_pixel": ["{AdsPixel}"]}]},
    ),
    "context_card": ({"title": "Hello", "cover_photo_id": "{AdVideo}"},),
    "instagram_user_id": ("{IGUser}",),
    "instagram_actor_id": ("{IGUser}",),
    "lead_gen_form_id": ("{LeadgenForm}",),
    "source_instagram_media_id": ("{IGMedia}",),
    "event_id": ("{PagePost}",),
    "product_set_id": ("{ProductSet}",),
    "product_item_ids": (["{ProductItem}"],),
    "value_rule_set_id": ("{AdsValueAdjustmentRuleCollection}", "{Campaign}"),
    "block_list": (
        {"id": "{PublisherBlockList}", "add_urls": ["spam.example"]},
        {"id": "{PublisherBlockList}", "delete": True},
    ),
    "destination_ids": (["{Page}"], ["{Page}", "{IGUser}"]),
    "extra_data": ({"campaign_id": "{Campaign}"},),
    "parameters": ({"scale_good_campaign_parameters": {"campaign_ids": ["{Campaign}"]}},),
    "object_id": ("{Campaign}", "{AdSet}", "{Page}", "{AdsPixel}"),
}


class Planter:
    """Draw arguments. `data` is the source of choices.

    Mostly one id is foreign, because a call with several could be refused for another than the one to be tried.
    """

    def __init__(self, data: st.DataObject, ownership: Ownership) -> None:
        self._data = data
        self._ownership = ownership
        self._mixed = data.draw(st.sampled_from([False, False, False, True]))
        self._before_foreign = data.draw(st.integers(0, 6))

    def id_of(self, kind: str) -> str:
        """Return an id of a kind, of an allowed or of a foreign account."""
        mine, foreign = self._ownership.mine, self._ownership.foreign
        if not foreign.get(kind):
            kind = "Campaign"
        self._before_foreign -= 1
        is_foreign = self._data.draw(st.booleans()) if self._mixed else self._before_foreign == -1
        pool = foreign if is_foreign or not mine.get(kind) else mine
        return self._data.draw(st.sampled_from(pool[kind][:4]))

    def fill(self, value: Any) -> Any:
        """Return a template with ids in its places, and with other ids in the place of those that it has."""
        if isinstance(value, Mapping):
            return {self.fill(key): self.fill(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.fill(item) for item in value]
        if not isinstance(value, str):
            return value
        if (place := _PLACE.fullmatch(value)) is not None:
            return self.id_of(place[1])
        if _ID.fullmatch(value):
            return self.id_of(self._ownership.kinds.get(value, "Campaign"))
        return value

    def arguments(self, tool: Tool, example: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of a call that works, with others beside them and ids exchanged."""
        schema, required = full_schema(tool.params)["properties"], full_schema(tool.params).get("required", ())
        rest = sorted(schema.keys() - {"dry_run", "confirmation", "page_id"} - example.keys())
        extra = self._data.draw(st.lists(st.sampled_from(rest), max_size=3, unique=True)) if rest else []
        changed = self._data.draw(st.sampled_from([*(name for name in example if name in SHAPES), None]))
        given = {name: value for name, value in example.items() if name in required or not _ALONE & {*extra}}
        for name in [*extra, *([changed] if changed else [])]:
            given[name] = self._value(tool, name, schema[name])
        return {name: self.fill(value) for name, value in given.items()}

    def _value(self, tool: Tool, name: str, schema: Mapping[str, Any]) -> Any:
        if name in tool.ids:
            template = _place(tool.ids[name].name)
            return [template] if schema.get("type") == "array" else template
        if name in SHAPES:
            return self._as_text(self._data.draw(st.sampled_from(SHAPES[name])))
        if schema.get("type") == "object" and "properties" not in schema:
            return self._as_text(self._data.draw(st.sampled_from(_ANY_OBJECT)))
        return self._data.draw(argument(tool, name, schema))

    def _as_text(self, value: Any) -> Any:
        """Return an inner object as JSON text now and then: Graph reads both."""
        if isinstance(value, Mapping) and self._data.draw(st.sampled_from([False] * 5 + [True])):
            filled = self.fill(value)
            name = self._data.draw(st.sampled_from(sorted(filled)))
            return {**filled, name: json.dumps(filled[name])}
        return value
