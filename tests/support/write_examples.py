"""One call of every write tool that works, from one small table; a tool that is not in it has its catalogue example.

`{name}` stands for the id of that name (`SandboxEngine.ids`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from meta_ads_mcp.core.tool import Effect, Tool
from tests.support.elicitors import Person
from tests.support.every_tool import TOOLS
from tests.support.examples import WOMEN_MORE, demo_ids, example
from tests.support.sandbox_engine import SandboxEngine

WRITES = [tool for tool in TOOLS if tool.effect.is_write]
# The tools that run another one: what holds for that one holds for them.
STAND_INS = ("ads_call_write_tool", "ads_update_entity")
US = {"geo_locations": {"countries": ["US"]}}
STORY = {"page_id": "{page}", "link_url": "https://shop.example/spring", "message": "Spring is here"}
SCHEDULE: dict[str, Any] = {
    "evaluation_spec": {
        "evaluation_type": "SCHEDULE",
        "filters": [{"field": "entity_type", "operator": "EQUAL", "value": "AD"}],
    },
    "execution_spec": {"execution_type": "PAUSE"},
    "schedule_spec": {"schedule_type": "DAILY"},
}

TREE: dict[str, Any] = {
    "campaigns": [
        {
            "name": "Spring",
            "objective": "OUTCOME_TRAFFIC",
            "daily_budget": 5000,
            "ad_sets": [
                {
                    "name": "Broad",
                    "optimization_goal": "LINK_CLICKS",
                    "targeting": US,
                    "ads": [{"name": "Image", "creative": {"image_hash": "{image}", **STORY}}],
                }
            ],
        }
    ]
}

VALID: dict[str, dict[str, Any]] = {
    "ads_update_ad_labels": {
        "account_id": "{account}",
        "operation": "apply",
        "names": ["Spring"],
        "level": "ad",
        "object_ids": ["{ad}"],
    },
    "ads_bulk_create": {"account_id": "{account}", "plan": TREE, "idempotency_key": "tree-1"},
    "ads_create_campaign": {
        "account_id": "{account}",
        "name": "Spring",
        "objective": "OUTCOME_TRAFFIC",
        "daily_budget": "50.00 USD",
    },
    "ads_update_campaign": {"campaign_id": "{campaign}", "name": "Spring", "daily_budget": 4200},
    "ads_delete_campaign": {"campaign_id": "{campaign}"},
    "ads_create_ad_set": {
        "account_id": "{account}",
        "campaign_id": "{unbudgeted}",
        "name": "Broad",
        "optimization_goal": "LINK_CLICKS",
        "targeting": US,
        "daily_budget": 2000,
    },
    "ads_update_ad_set": {"ad_set_id": "{ad_set}", "targeting": US, "bid_strategy": "COST_CAP", "bid_amount": 150},
    "ads_delete_ad_set": {"ad_set_id": "{ad_set}"},
    "ads_clone_ad_set_bundle": {
        "account_id": "{account}",
        "source_ad_set_id": "{ad_set}",
        "target_ad_set": {"name": "Clone"},
        "idempotency_key": "clone-1",
    },
    "ads_create_ad": {
        "account_id": "{account}",
        "ad_set_id": "{ad_set}",
        "creative_id": "{other_creative}",
        "name": "New ad",
    },
    "ads_update_ad": {"ad_id": "{ad}", "creative_id": "{other_creative}", "name": "Other picture"},
    "ads_delete_ad": {"ad_id": "{ad}"},
    "ads_update_ad_link": {"ad_id": "{ad}", "url_tags": "utm_source=test"},
    "ads_create_ad_creative": {"account_id": "{account}", "name": "Spring", "image_hash": "{image}", **STORY},
    "ads_update_ad_creative": {"creative_id": "{creative}", "name": "Renamed"},
    "ads_update_entity": {"entity_type": "ad", "entity_id": "{ad}", "updates": {"name": "Renamed"}},
    "ads_activate_entity": {"entity_type": "ad_set", "entity_id": "{ad_set}", "status": "PAUSED"},
    "ads_duplicate_entity": {"entity_type": "ad", "entity_id": "{ad}"},
    "ads_create_budget_schedule": {
        "ad_set_id": "{ad_set}",
        "budget_value": 1000,
        "budget_value_type": "ABSOLUTE",
        "time_start": "2027-01-04T00:00:00",
        "time_end": "2027-01-06T00:00:00",
    },
    "ads_create_ad_rule": {"account_id": "{account}", "name": "Stop", **SCHEDULE},
    "ads_update_ad_rule": {"rule_id": "{rule}", "name": "Renamed"},
    "ads_unshare_custom_audience": {"audience_id": "{audience}", "ad_account_ids": ["{other}"]},
    "ads_boost_ig_post": {
        "account_id": "{account}",
        "page_post_id": "{page_post}",
        "daily_budget": "20.00 USD",
        "duration_days": 7,
        "targeting": US,
        "idempotency_key": "boost-1",
    },
    "ads_update_page_post": {"post_id": "{page_post}", "message": "We are open on Sunday.", "dry_run": False},
    "ads_update_custom_audience": {"audience_id": "{visitors}", "name": "Visitors", "retention_days": 60},
    "ads_share_dataset": {"dataset_id": "{pixel}", "action": "share_account", "account_id": "{other}"},
    "ads_catalog_create": {"business_id": "{business}", "name": "Outlet"},
    "ads_catalog_create_product_set": {
        "catalog_id": "{catalog}",
        "name": "Northbank",
        "filter": {"brand": {"eq": "Northbank"}},
    },
    "ads_catalog_create_product_feed": {"catalog_id": "{catalog}", "name": "Extra"},
    "ads_catalog_create_feed_upload_session": {"product_feed_id": "{product_feed}"},
    "ads_catalog_create_feed_rule": {
        "product_feed_id": "{product_feed}",
        "attribute": "title",
        "rule_type": "letter_case_rule",
        "params": {"type": "capitalize_all"},
    },
    "ads_catalog_items_batch": {
        "catalog_id": "{catalog}",
        "requests": [{"method": "UPDATE", "data": {"id": "HP-00001", "price": "9.99 USD"}}],
        "idempotency_key": "batch-1",
    },
    "ads_catalog_event_source_connect": {"catalog_id": "{catalog}", "event_source_ids": ["{other_pixel}"]},
    "ads_catalog_update_entity": {
        "entity_type": "product",
        "entity_id": "{product}",
        "values": {"price": "79.00 USD", "brand": "Fjellrev"},
    },
    "ads_catalog_delete_entity": {"entity_type": "product_set", "entity_id": "{product_set}"},
    "ads_update_budget": {"entity_type": "campaign", "entity_id": "{campaign}", "daily_budget": 99000},
    "ads_set_status": {"account_id": "{account}", "level": "ad", "ids": ["{ad}"], "status": "PAUSED"},
    "ads_bulk_update": {
        "account_id": "{account}",
        "edits": [
            {"level": "ad_set", "id": "{ad_set}", "set": {"budget_change_percent": 20}},
            {"level": "ad", "id": "{ad}", "set": {"name": "Renamed", "link_url": "https://shop.example/new"}},
            {"level": "campaign", "id": "{campaign}", "set": {"add_labels": ["Spring"]}},
        ],
        "idempotency_key": "bulk-1",
    },
    "ads_shift_budget": {
        "account_id": "{account}",
        "level": "ad_set",
        "from_ids": ["{ad_set}"],
        "to_ids": ["{next_ad_set}"],
        "percent": 10,
        "idempotency_key": "shift-1",
    },
    "ads_save_value_rule_set": {
        "account_id": "{account}",
        "name": "Women",
        "rules": [WOMEN_MORE],
        "attach_to": ["{ad_set}"],
    },
    "ads_delete_value_rule_set": {"account_id": "{account}", "value_rule_set_id": "{value_rules}"},
    "ads_update_account_controls": {
        "account_id": "{account}",
        "placement_controls": {"placement_exclusions": ["facebook_marketplace"]},
        "filter_levels": ["FEED_STRICT"],
        "block_list": {"id": "{block_list}", "add_urls": ["spam.example"]},
    },
    "ads_call_write_tool": {"name": "ads_pause_campaign", "arguments": {"campaign_id": "{campaign}"}},
}
# The calls of the table that a person has to agree to first.
CONFIRMED = frozenset(
    """
    ads_delete_campaign ads_delete_ad_set ads_delete_ad ads_delete_custom_audience ads_delete_ad_rule
    ads_delete_comment ads_create_budget_schedule ads_update_budget ads_undo_change
    ads_reply_comment ads_create_lead_form ads_create_ad_study facebook_create_post facebook_delete_post
    ads_experiment_lift_create_test
    ads_update_ad ads_update_ad_link ads_update_spend_cap ads_delete_budget_schedule
    ads_import_structure ads_copy_to_account
    ads_share_dataset ads_delete_custom_conversion ads_update_lead_form
    ads_bulk_update ads_shift_budget
    ads_update_page_post ads_update_custom_audience ads_update_partnership_permission
    ads_catalog_delete_entity ads_share_dataset ads_delete_custom_conversion ads_update_lead_form
    ads_apply_recommendation ads_save_value_rule_set ads_delete_value_rule_set ads_update_account_controls
    """.split()
)


def counterparts(desk: SandboxEngine) -> dict[str, Any]:
    """The mapping of a copy into the second account: its Page, pixel and Instagram account for those of the first."""
    edges = {"pages": "promote_pages", "pixels": "adspixels", "instagram_users": "instagram_accounts"}
    first = {name: desk.store.children(desk.account, edge)[0].id for name, edge in edges.items()}
    other = {name: desk.store.children(desk.ids["other"], edge)[0].id for name, edge in edges.items()}
    product_sets = {node.id: node.id for node in desk.store.nodes.values() if node.type == "ProductSet"}
    return {**{name: {first[name]: other[name]} for name in edges}, "product_sets": product_sets}


async def valid(desk: SandboxEngine, tool: Tool, files: Path) -> dict[str, Any]:
    """Arguments of a call that works; what has to be there before is made, and not in the log."""
    given = desk.filled(VALID[tool.name]) if tool.name in VALID else example(tool, demo_ids(desk.sandbox.world))
    if tool.name == "ads_update_audience_users":
        people = files / "people.csv"
        people.write_text("EMAIL\nmary@mail.example\n", encoding="utf-8")
        given |= {"audience_id": desk.ids["audience"], "file_path": str(people)}
    if tool.name == "ads_copy_to_account":
        copy = {"campaign_id": desk.ids["campaign"], "target_account_id": desk.ids["other"], "budget_rate": 0.9}
        given = {**copy, "mapping": counterparts(desk), "on_unmapped": "drop", "idempotency_key": "copy-1"}
    if tool.name == "ads_import_structure":
        sheet = files / "structure.csv"
        sheet.write_text(f"level,id,name\ncampaign,{desk.ids['campaign']},Renamed\n", encoding="utf-8")
        given = {"account_id": desk.account, "file_path": str(sheet), "dry_run": False, "idempotency_key": "import-1"}
    if tool.name == "ads_update_lead_form":
        # It reads the last leads, which the sandbox makes when they are first read, up to the hour of the clock.
        for account in desk.sandbox.world.accounts:
            desk.sandbox.world.leads.fill(account, desk.clock.moment())
    if tool.name == "ads_apply_recommendation":
        rows = (await desk.data("ads_get_opportunity_score", account_id=desk.account))["recommendations"]
        signature = next(row["recommendation_signature"] for row in rows if "recommendation_signature" in row)
        given = {"account_id": desk.account, "recommendation_signature": signature}
    if tool.name == "ads_undo_change":
        raised = {"campaign_id": desk.ids["campaign"], "daily_budget": 500}
        made = await desk.call("ads_update_campaign", raised, Person(True))
        given = {"change_id": made.structured["data"]["change_id"]}
    desk.sandbox.log.clear()
    return given


def makes(tool: Tool) -> bool:
    return tool.effect is Effect.CREATE
