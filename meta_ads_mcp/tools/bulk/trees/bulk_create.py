"""Create campaigns with their ad sets, creatives and ads from one plan, everything PAUSED, as one unit."""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.params import Local, opaque_object
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.units.unit_params import UnitParams
from meta_ads_mcp.core.units.unit_plan import UnitPlan
from meta_ads_mcp.core.values.ids import AccountId
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.domain.targeting import summarize_targeting
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.bulk.object_reads import read_objects_of_kind
from meta_ads_mcp.tools.bulk.trees.tree_media import send_media
from meta_ads_mcp.tools.bulk.trees.tree_plan import Tree, TreeDefaults, TreeNode, TreePlan, read_tree
from meta_ads_mcp.tools.bulk.trees.tree_steps import TreeSteps

_SHAPE = (
    "{campaigns: [{id? or the arguments of ads_create_campaign, ad_sets: [{id? or those of ads_create_ad_set, ads: "
    "[{name, creative_id, or creative: {those of ads_create_ad_creative; image: {image_path | image_url} and video: "
    "{file_path | file_url} upload one}}]}]}]}; ref anywhere is your label"
)
MAX_SHOWN_ROWS = 5
_DEFAULTS = "{ad_set?, ad?, creative?}: values for each that lacks them"


with warnings.catch_warnings():
    # The argument has the name of the hook for a plan of single steps, which a unit does not use.
    warnings.filterwarnings("ignore", message='Field name "plan"')

    @tool(
        "ads_bulk_create",
        Effect.CREATE,
        node="Campaign",
        singular="campaign",
        keywords="bulk many tree structure launch build campaign ad sets ads plan at once",
    )
    class BulkCreate(UnitParams):
        """Create campaigns with ad sets, ads, creatives, images and videos from one plan, all PAUSED, with one undo.

        Everything is checked before the first object is created. Below an existing id only children are created.
        Repeating an interrupted call continues it. At most 10 campaigns, 50 ad sets, 200 ads.
        """

        account_id: AccountId
        plan: Annotated[TreePlan, Local()] = Field(json_schema_extra=opaque_object(_SHAPE))  # type: ignore[assignment]
        defaults: Annotated[TreeDefaults | None, Local(), Field(json_schema_extra=opaque_object(_DEFAULTS))] = None
        on_error: Annotated[Literal["stop", "continue"], Local()] = "stop"

        @model_validator(mode="after")
        def _check_key(self) -> Self:
            if not self.dry_run and self.idempotency_key is None:
                raise ValueError("idempotency_key is required unless dry_run, so that nothing is created twice")
            return self

        @model_validator(mode="after")
        def _check_plan(self) -> Self:
            """Validate every entry as its own tool does, before any request. Raises InvalidArguments."""
            self._check_entries()
            return self

        async def plan_unit(self, call: Call) -> UnitPlan:
            """Return the unit of the tree. Raises AdsError for what concerns the whole plan."""
            steps = self._check_entries()
            tree = steps.tree
            account = await call.account(self.account_id)
            existing = await _read_existing(call, account, tree)
            await steps.build(call, account, existing)
            self._require_complete(steps)
            return UnitPlan(
                account.id,
                steps.steps,
                refused=steps.refused_rows,
                notes=["Everything is created PAUSED. Activate it later with ads_activate_entity."],
                details={"tree": outline(tree, existing)},
                stop_on_error=self.on_error == "stop",
                is_whole=self.on_error == "stop",
                validate_first=True,
            )

        async def send_upload(self, call: Call, change: Change, send: Callable[[Request], Awaitable[Any]]) -> Row:
            """Send an image or a video of the tree."""
            return await send_media(call, change, send)

        def _check_entries(self) -> TreeSteps:
            steps = TreeSteps(self.account_id, read_tree(self.plan, self.defaults))
            steps.check()
            self._require_complete(steps)
            return steps

        def _require_complete(self, steps: TreeSteps) -> None:
            """Raise InvalidArguments for a plan with wrong entries, unless the others are to be created."""
            rows = steps.refused_rows
            if not rows or (self.on_error == "continue" and len(rows) < len(steps.tree.nodes)):
                return
            first = "; ".join(f"{row.column}: {row.reason}" for row in rows[:MAX_SHOWN_ROWS])
            raise InvalidArguments(
                f"The plan has {len(rows)} entries that cannot be created, so nothing was created. {first}.",
                "Correct them and call again; on_error=continue creates the other entries.",
                allowed=steps.allowed,
                details={"rows": [row.public() for row in rows]},
            )


async def _read_existing(call: Call, account: Account, tree: Tree) -> dict[str, Row]:
    """Return the existing campaigns and ad sets that the plan names. Raises NotFound and InvalidArguments."""
    fields = ["id", "account_id", "name", "status", "daily_budget", "lifetime_budget"]
    rows: dict[str, Row] = {}
    for level, kind, more in (("campaign", "Campaign", []), ("ad_set", "AdSet", ["campaign_id"])):
        nodes = [node for node in tree.nodes if node.level == level and node.object_id is not None]
        ids = list(dict.fromkeys(str(node.object_id) for node in nodes))
        objects = await read_objects_of_kind(call, account.id, kind, ids, [*fields, *more]) if ids else []
        rows |= {str(row["id"]): row for row in objects}
        for node in nodes if level == "ad_set" else ():
            _check_parent(node, rows[str(node.object_id)])
    return rows


def _check_parent(node: TreeNode, row: Row) -> None:
    if node.parent is None or node.parent.object_id != str(row.get("campaign_id")):
        raise InvalidArguments(
            f"plan.{node.place}: ad set {node.object_id} belongs to campaign {row.get('campaign_id')}.",
            "Put it below that campaign, named by its id.",
        )


def outline(tree: Tree, existing: dict[str, Row]) -> list[Row]:
    """Return the tree for people: names, budgets as they were written, audiences in words."""
    return [
        _entry(campaign, existing)
        | {
            "ad_sets": [
                _entry(ad_set, existing) | {"ads": [ad.name for ad in tree.children(ad_set, "ad")]}
                for ad_set in tree.children(campaign, "ad_set")
            ]
        }
        for campaign in tree.children(None, "campaign")
    ]


def _entry(node: TreeNode, existing: dict[str, Row]) -> Row:
    row: Row = {"ref": node.ref, "id": node.object_id, "name": node.name}
    if node.object_id is not None:
        row["name"] = existing.get(node.object_id, {}).get("name")
    targeting: Any = node.arguments.get("targeting")
    if isinstance(targeting, dict):
        row["audience"] = summarize_targeting(targeting)
    return {name: value for name, value in row.items() if value}
