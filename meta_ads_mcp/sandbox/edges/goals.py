"""Which goals an ad set can have, and for what it can be billed.

Source: Meta Business Help Center, "About performance goals"; docs marketing-api/bidding (billing
events). Combinations that are not documented pass. The subcode of the objective is reported by users.
"""

from __future__ import annotations

from meta_ads_mcp.sandbox.refusal import invalid
from meta_ads_mcp.sandbox.store import GraphNode

GOAL_OF_OTHER_OBJECTIVE = 2490408
_AWARENESS, _ENGAGEMENT, _LEADS = "OUTCOME_AWARENESS", "OUTCOME_ENGAGEMENT", "OUTCOME_LEADS"
_APP, _SALES = "OUTCOME_APP_PROMOTION", "OUTCOME_SALES"
# Goals that only some objectives have.
GOAL_OBJECTIVES: dict[str, frozenset[str]] = {
    "AD_RECALL_LIFT": frozenset({_AWARENESS}),
    "THRUPLAY": frozenset({_AWARENESS, _ENGAGEMENT}),
    "APP_INSTALLS": frozenset({_APP}),
    "APP_INSTALLS_AND_OFFSITE_CONVERSIONS": frozenset({_APP}),
    "LEAD_GENERATION": frozenset({_LEADS}),
    "QUALITY_LEAD": frozenset({_LEADS}),
    "PAGE_LIKES": frozenset({_ENGAGEMENT}),
    "EVENT_RESPONSES": frozenset({_ENGAGEMENT}),
    "REMINDERS_SET": frozenset({_ENGAGEMENT}),
    "OFFSITE_CONVERSIONS": frozenset({_SALES, _LEADS, _ENGAGEMENT, _APP}),
    "VALUE": frozenset({_SALES, _APP}),
}
# Billing events that go with the goal of the same name alone; every goal is billed by impressions.
BILLING_GOALS = frozenset({"LINK_CLICKS", "PAGE_LIKES", "POST_ENGAGEMENT", "THRUPLAY", "APP_INSTALLS"})


def check_goal(campaign: GraphNode, goal: str, billing_event: str) -> None:
    """Refuse a goal that the campaign's objective does not have, and a billing event of another goal."""
    objective = str(campaign.get("objective"))
    if objective.startswith("OUTCOME_") and objective not in GOAL_OBJECTIVES.get(goal, {objective}):
        text = f"The performance goal {goal} is not available with the objective {objective}"
        raise invalid(GOAL_OF_OTHER_OBJECTIVE, text, "optimization_goal")
    if billing_event in BILLING_GOALS and billing_event != goal:
        raise invalid(None, f"The goal {goal} cannot be billed by {billing_event}", "billing_event")
