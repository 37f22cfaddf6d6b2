"""Rebuild a campaign in another ad account: what carries over, what the user has to choose, then the tree."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.params import Local
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.units.unit_params import UnitParams
from meta_ads_mcp.core.units.unit_plan import UnitPlan
from meta_ads_mcp.core.values.dates import Moment
from meta_ads_mcp.core.values.ids import AccountId, CampaignId
from meta_ads_mcp.core.values.money import format_money, money
from meta_ads_mcp.domain.preflight import note_dsa
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.bulk.copies.copy_rules import CopyMapping, CopyRules, OnUnmapped
from meta_ads_mcp.tools.bulk.copies.copy_steps import CopySteps
from meta_ads_mcp.tools.bulk.copies.references import list_references
from meta_ads_mcp.tools.bulk.copies.source_tree import SourceTree, read_tree_of_campaign, read_videos
from meta_ads_mcp.tools.bulk.copies.target_account import read_target

# The objects of a copy have the names of their sources, so that a few are enough to recognize them.
MAX_ITEMS = 12
_STAYS = (
    "learning, figures, likes and comments of the old ads, labels, rules, studies, value rules and budget schedules "
    "do not travel"
)


@tool(
    "ads_copy_to_account",
    Effect.CREATE,
    node="Campaign",
    singular="campaign",
    keywords="duplicate clone another account client currency migrate rebuild",
)
class CopyToAccount(UnitParams):
    """Rebuild a campaign with its ad sets and ads in another ad account, PAUSED, with one undo. Always needs a
    confirmation.

    dry_run lists what you must choose: budget_rate where currencies differ, and counterparts of pixels, Pages,
    Instagram accounts and audiences. Media are copied.
    """

    campaign_id: CampaignId
    target_account_id: AccountId
    mapping: Annotated[
        CopyMapping | None,
        Local(),
        Field(description="Old id to new id by kind; countries such as {US: DE}"),
    ] = None
    on_unmapped: Annotated[OnUnmapped, Local(), Field(description="drop leaves audiences out, and says so")] = "refuse"
    budget_rate: Annotated[
        float | None, Local(), Field(gt=0, le=100_000, description="Target amount for 1.00 of the source currency")
    ] = None
    ad_status_filter: Annotated[
        list[Literal["ACTIVE", "PAUSED", "ARCHIVED"]], Local(), Field(min_length=1, max_length=3)
    ] = ["ACTIVE", "PAUSED"]
    rename_suffix: Annotated[str, Local(), Field(max_length=100)] = ""
    start_time: Moment | None = None

    @model_validator(mode="after")
    def _check_key(self) -> Self:
        if not self.dry_run and self.idempotency_key is None:
            raise ValueError("idempotency_key is required unless dry_run, so that nothing is created twice")
        return self

    async def plan_unit(self, call: Call) -> UnitPlan:
        """Return the unit of the copy. Raises InvalidArguments that names everything that the user has to choose."""
        tree = await read_tree_of_campaign(call, self.campaign_id, self.ad_status_filter)
        if tree.account_id == self.target_account_id:
            raise InvalidArguments(
                "The campaign is in this account already.", "Copy inside an account with ads_duplicate_entity."
            )
        source, target = await call.account(tree.account_id), await call.account(self.target_account_id)
        rules = await self._rules(call, tree, source, target)
        steps = CopySteps(tree, rules, self.rename_suffix, call.now(), self.start_time)
        steps.build()
        _require_choices(rules, tree)
        for ad_set in (step for step in steps.steps if step.change.node == "AdSet"):
            values = ad_set.change.after
            await note_dsa(
                call, target.id, values.get("targeting", {}), values.get("dsa_beneficiary"), values.get("dsa_payor")
            )
        return UnitPlan(
            target.id,
            steps.steps,
            refused=steps.refused_rows,
            notes=[*steps.notes, *_notes(rules, tree)],
            details=_details(rules, tree),
            reasons=("objects and media are made in another ad account",),
            validate_first=True,
            max_items=MAX_ITEMS,
        )

    async def _rules(self, call: Call, tree: SourceTree, source: Account, target: Account) -> CopyRules:
        objects = [tree.campaign, *tree.ad_sets, *tree.ads, *(row for row in tree.creatives.values())]
        references = {item for row in objects if isinstance(row, dict) for item in list_references(row)}
        mapping = self.mapping or CopyMapping()
        audiences = sorted(item.value for item in references if item.kind == "audience")
        usable = await read_target(
            call, target.id, [item for item in audiences if item not in (mapping.audiences or {})]
        )
        videos = await read_videos(call, sorted(item.value for item in references if item.kind == "video"))
        return CopyRules(source, target, usable, mapping, self.on_unmapped, self.budget_rate, videos)


def _require_choices(rules: CopyRules, tree: SourceTree) -> None:
    """Raise InvalidArguments unless the user has chosen everything that cannot be taken over as it is."""
    choices = rules.choices()
    parts = []
    if rules.needs_rate:
        parts.append(
            f"budget_rate, because {rules.source.id} is in {rules.source.currency} and {rules.target.id} in "
            f"{rules.target.currency}, and amounts are not converted by themselves"
        )
        rate: Row = {"argument": "budget_rate", "old": rules.source.currency, "why": f"target: {rules.target.currency}"}
        choices.insert(0, rate | _sum_budgets(rules, tree))
    parts += [
        f"{item['argument'] or 'nothing'} for {item['old']} ({item['why']})" for item in choices if "used_in" in item
    ]
    if parts:
        raise InvalidArguments(
            f"The copy needs {len(parts)} decisions of the user, and nothing was sent: {'; '.join(parts[:8])}.",
            "Ask the user, then call again with budget_rate (wanted sum divided by the budget in choices) and mapping; "
            "on_unmapped=drop leaves audiences out.",
            details={"choices": choices, "references": rules.table()},
        )


def _sum_budgets(rules: CopyRules, tree: SourceTree) -> Row:
    """Return the sums of the source's budgets, from which a rate follows if the user names what the copy may spend."""
    objects = [tree.campaign, *tree.ad_sets]
    sums = {name: sum(int(row.get(name) or 0) for row in objects) for name in ("daily_budget", "lifetime_budget")}
    return {name: format_money(money(minor, rules.source.currency)) for name, minor in sums.items() if minor}


def _notes(rules: CopyRules, tree: SourceTree) -> list[str]:
    videos = [reference.value for reference in rules.decisions if reference.kind == "video"]
    notes = [f"The source is campaign {tree.campaign['id']} of {tree.account_id}.", f"All is PAUSED; {_STAYS}."]
    if videos:
        notes.append(f"Uploaded again: video {', '.join(sorted(videos))}.")
    left_out = [reference for reference, decision in rules.decisions.items() if decision.outcome == "dropped"]
    if left_out:
        names = ", ".join(f"{item.kind} {item.value} in {item.place}" for item in left_out[:10])
        notes.append(f"Left out, so the ads can reach other people than before: {names}.")
    if rules.dropped_places:
        notes.append(f"Replaced by the mapped countries: {', '.join(rules.dropped_places[:10])}.")
    if any(row.get("is_budget_schedule_enabled") for row in (tree.campaign, *tree.ad_sets)):
        notes.append("The budget schedules stay behind; make new ones with ads_create_budget_schedule.")
    return notes


def _details(rules: CopyRules, tree: SourceTree) -> Row:
    source = {"campaign": str(tree.campaign["id"]), "account": tree.account_id, "time_zone": rules.source.timezone_name}
    target = {"account": rules.target.id, "time_zone": rules.target.timezone_name}
    media = [reference for reference in rules.decisions if reference.kind in ("image", "video")]
    data: Row = {"source": source, "target": target, "references": rules.table(), "media": len(media)}
    return data | ({"amounts": rules.amounts} if rules.amounts else {})
