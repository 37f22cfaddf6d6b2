"""The event types of Meta's activity log (SDK class AdActivity.EventType), and what the log's words mean today."""

from __future__ import annotations

from collections.abc import Mapping

# AdActivity.EventType of facebook_business 26.0.3.
EVENT_TYPES = frozenset(
    """
    accept_custom_audience_appeal account_spending_limit_reached ad_account_add_user_to_role ad_account_billing_charge
    ad_account_billing_charge_failed ad_account_billing_chargeback ad_account_billing_chargeback_reversal
    ad_account_billing_decline ad_account_billing_refund ad_account_remove_spend_limit ad_account_remove_user_from_role
    ad_account_reset_spend_limit ad_account_set_business_information ad_account_update_audience_type_url_parameter
    ad_account_update_spend_limit ad_account_update_status ad_review_approved ad_review_declined
    adaccount_update_audience_segment add_funding_source add_images apply_restrictions_custom_audience billing_event
    campaign_ended campaign_spending_limit_reached conversion_event_updated create_ad create_ad_set
    create_adaccount_agency_fee create_audience create_campaign_group create_campaign_group_agency_fee
    create_campaign_legacy create_custom_audience_appeal delete_audience delete_images di_ad_set_learning_stage_exit
    edit_and_update_ad_creative edit_images first_delivery_event funding_event_initiated funding_event_successful
    lifetime_budget_spent merge_campaigns receive_audience reject_custom_audience_appeal remove_funding_source
    remove_shared_audience share_audience unknown unshare_audience update_ad_audience_persona update_ad_bid_info
    update_ad_bid_type update_ad_creative update_ad_friendly_name update_ad_labels update_ad_run_status
    update_ad_run_status_to_be_set_after_review update_ad_set_ad_keywords update_ad_set_bid_adjustments
    update_ad_set_bid_strategy update_ad_set_bidding update_ad_set_budget update_ad_set_budget_scaling_cost_target
    update_ad_set_budget_scaling_extra_budget update_ad_set_budget_scaling_status update_ad_set_cost_bidding_mode
    update_ad_set_duration update_ad_set_learning_stage_status update_ad_set_min_spend_target update_ad_set_name
    update_ad_set_optimization_goal update_ad_set_run_status update_ad_set_spend_cap update_ad_set_target_spec
    update_ad_set_value_rules update_ad_targets_spec update_adaccount_agency_fee update_adaccount_agency_fee_status
    update_adgroup_stop_delivery update_audience update_budget_flex_toggle_status update_campaign_ad_scheduling
    update_campaign_budget update_campaign_budget_optimization_toggling_status update_campaign_budget_scheduling_state
    update_campaign_budget_split update_campaign_conversion_goal update_campaign_delivery_destination
    update_campaign_delivery_type update_campaign_group_ad_scheduling update_campaign_group_agency_fee
    update_campaign_group_budget_scaling_cost_target update_campaign_group_budget_scaling_extra_budget
    update_campaign_group_budget_scaling_status update_campaign_group_budget_scheduling_state
    update_campaign_group_delivery_type update_campaign_group_high_demand_periods update_campaign_group_spend_cap
    update_campaign_high_demand_periods update_campaign_name update_campaign_run_status update_campaign_schedule
    update_campaign_value_adjustment_rule update_delivery_type_cross_level_shift
    """.split()
)
# Events whose values are amounts in minor units, also where `extra_data` names no currency.
MONEY_EVENTS = frozenset(
    """
    ad_account_billing_charge ad_account_billing_charge_failed ad_account_billing_chargeback
    ad_account_billing_chargeback_reversal ad_account_billing_decline ad_account_billing_refund
    ad_account_remove_spend_limit ad_account_reset_spend_limit ad_account_update_spend_limit billing_event
    funding_event_initiated funding_event_successful update_ad_set_bidding update_ad_set_budget
    update_ad_set_min_spend_target update_ad_set_spend_cap update_campaign_budget update_campaign_group_spend_cap
    """.split()
)
# The log has the names of the levels from before 2014. Source: Meta's object_type and extra_data, as others saw them.
KINDS_TODAY: Mapping[str, str] = {
    "account": "account",
    "campaign_group": "campaign",
    "campaign": "ad_set",
    "adgroup": "ad",
}
# Event type -> the fields of Graph that it changes, by which an entry of this server's journal is recognized.
FIELDS_OF_EVENT: Mapping[str, tuple[str, ...]] = {
    "ad_account_remove_spend_limit": ("spend_cap", "spend_cap_action"),
    "ad_account_reset_spend_limit": ("spend_cap", "spend_cap_action"),
    "ad_account_update_spend_limit": ("spend_cap", "spend_cap_action"),
    "edit_and_update_ad_creative": ("creative",),
    "update_ad_creative": ("creative",),
    "update_ad_friendly_name": ("name",),
    "update_ad_labels": ("adlabels",),
    "update_ad_run_status": ("status",),
    "update_ad_set_bid_adjustments": ("bid_adjustments",),
    "update_ad_set_bid_strategy": ("bid_strategy",),
    "update_ad_set_bidding": ("bid_amount", "bid_constraints", "bid_strategy"),
    "update_ad_set_budget": ("daily_budget", "lifetime_budget"),
    "update_ad_set_duration": ("start_time", "end_time"),
    "update_ad_set_min_spend_target": ("daily_min_spend_target", "lifetime_min_spend_target"),
    "update_ad_set_name": ("name",),
    "update_ad_set_optimization_goal": ("optimization_goal",),
    "update_ad_set_run_status": ("status",),
    "update_ad_set_spend_cap": ("daily_spend_cap", "lifetime_spend_cap"),
    "update_ad_set_target_spec": ("targeting",),
    "update_campaign_budget": ("daily_budget", "lifetime_budget"),
    "update_campaign_group_spend_cap": ("spend_cap",),
    "update_campaign_name": ("name",),
    "update_campaign_run_status": ("status",),
    "update_campaign_schedule": ("start_time", "stop_time"),
}
CREATIONS = frozenset({"create_ad", "create_ad_set", "create_audience", "create_campaign_group"})
# The log's words for a status -> the statuses of Graph.
STATUS_WORDS: Mapping[str, str] = {
    "active": "ACTIVE",
    "inactive": "PAUSED",
    "paused": "PAUSED",
    "archived": "ARCHIVED",
    "deleted": "DELETED",
}


def kind_today(object_type: str) -> str:
    """Return today's word for the log's `object_type`: CAMPAIGN is an ad set, CAMPAIGN_GROUP a campaign."""
    return KINDS_TODAY.get(object_type.casefold(), object_type.casefold())


def readable_type(event_type: str) -> str:
    """Return an event type as a short text: `update_ad_set_budget` is "Update ad set budget"."""
    return event_type.replace("campaign_group", "campaign").replace("_", " ").capitalize()
