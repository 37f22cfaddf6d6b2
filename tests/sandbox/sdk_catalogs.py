"""The part of the tour with the SDK that goes through catalogs."""

from __future__ import annotations

import json
from typing import Any

from facebook_business.adobjects.opportunityscorechangelog import OpportunityScoreChangelog
from facebook_business.adobjects.productcatalog import ProductCatalog
from facebook_business.adobjects.productfeedrulepreviewsamples import ProductFeedRulePreviewSamples
from facebook_business.adobjects.productsetdachecks import ProductSetDAChecks

from tests.support.sdk_client import Tour


def tour_catalogs(tour: Tour) -> None:
    """A batch of items and its state, and the edges for which the SDK has classes instead of methods."""
    store = tour.server.transport.world.store
    set_id = next(node.id for node in store.nodes.values() if node.type == "ProductSet")
    feed = next(node for node in store.nodes.values() if node.type == "ProductFeed")
    catalog: Any = ProductCatalog(store.memory["catalog", feed.id], api=tour.api)
    retailer_id = store.children(str(catalog["id"]), "products")[0].get("retailer_id")

    def batch() -> None:
        change = {"method": "UPDATE", "data": {"id": retailer_id, "price": "9.99 USD"}}
        sent = {"item_type": "PRODUCT_ITEM", "requests": json.dumps([change])}
        handle = catalog.create_items_batch(params=sent)["handles"][0]
        states = [
            next(iter(catalog.get_check_batch_request_status(params={"handle": handle})))["status"] for _ in range(2)
        ]
        assert states == ["started", "finished"]
        assert store.children(str(catalog["id"]), "products")[0].get("price") == "$9.99"

    def previews() -> None:
        sent = {"attribute": "title", "rule_type": "letter_case_rule", "params": '{"type": "to_upper"}'}
        rows: Any = ProductFeedRulePreviewSamples(feed.id, api=tour.api).genget(params=sent)
        assert rows[0]["after"] == rows[0]["before"].upper()

    tour.step("ProductCatalog.create_items_batch", batch)
    tour.step("ProductFeedRulePreviewSamples.genget", previews)
    checks: Any = ProductSetDAChecks(set_id, api=tour.api)
    tour.step("ProductSetDAChecks.genget", lambda: list(checks.genget()))
    history: Any = OpportunityScoreChangelog(tour.writing.names["account"], api=tour.api)
    days = {"from_date": "2026-11-01", "to_date": "2026-11-20", "get_reason": True}
    tour.step("OpportunityScoreChangelog.genget", lambda: list(history.genget(params=days)))
