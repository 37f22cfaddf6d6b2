"""Turn the nodes of a tree into the steps of a unit: validated and converted like single calls, with references.

The arguments of each object are those of the tool that creates it, so that the same checks hold. An id that does not
exist yet is a stand-in while the arguments are checked, and becomes a reference to the step that creates the object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from meta_ads_mcp.core.arguments.graph_params import convert_money_and_times, graph_params
from meta_ads_mcp.core.arguments.validation import validate
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, Tool, tool_of
from meta_ads_mcp.core.units.unit_plan import RefusedRow, UnitStep, id_of_step
from meta_ads_mcp.core.write import Change, WriteParams
from meta_ads_mcp.domain.preflight import has_amount
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.ad_sets.ad_sets import CreateAdSet
from meta_ads_mcp.tools.ads.ads import CreateAd
from meta_ads_mcp.tools.bulk.trees.tree_media import MEDIA_KEY, plan_media
from meta_ads_mcp.tools.bulk.trees.tree_plan import NodeLevel, Tree, TreeNode
from meta_ads_mcp.tools.campaigns import CreateCampaign
from meta_ads_mcp.tools.creatives.create import CreateAdCreative
from meta_ads_mcp.tools.creatives.default_page import infer_page
from meta_ads_mcp.tools.creatives.uploads import UploadAdImage, UploadAdVideo

_TOOLS: dict[NodeLevel, Tool] = {
    "campaign": tool_of(CreateCampaign),
    "ad_set": tool_of(CreateAdSet),
    "creative": tool_of(CreateAdCreative),
    "ad": tool_of(CreateAd),
    "video": tool_of(UploadAdVideo),
    "image": tool_of(UploadAdImage),
}
_EDGES: dict[NodeLevel, str] = {
    "campaign": "campaigns",
    "ad_set": "adsets",
    "creative": "adcreatives",
    "ad": "ads",
    "video": "advideos",
    "image": "adimages",
}
# The argument of a creative that holds what it needs.
_MEDIA_ARGUMENTS: dict[NodeLevel, str] = {"creative": "creative_id", "video": "video_id", "image": "image_hash"}
_PARENT_ARGUMENT: dict[NodeLevel, str] = {"ad_set": "campaign_id", "ad": "ad_set_id"}
_MEDIA_LEVELS: tuple[NodeLevel, ...] = ("video", "image")
_BUDGETS = ("daily_budget", "lifetime_budget")
# Ids of 29 digits, which Graph never gives.
_FIRST_STAND_IN = 10**28


@dataclass
class TreeSteps:
    """Build the steps of a tree in one account: `check` without any request, then `build`."""

    account_id: str
    tree: Tree
    steps: list[UnitStep] = field(default_factory=list)
    refused_rows: list[RefusedRow] = field(default_factory=list)
    allowed: tuple[str, ...] = ()
    _args: dict[str, WriteParams] = field(default_factory=dict)
    _stand_ins: dict[str, str] = field(default_factory=dict)
    _bad: set[str] = field(default_factory=set)
    _page: str | None = None
    _pixels: list[str] | None = None

    def check(self) -> None:
        """Validate the arguments of every node as its own tool does. What is wrong goes to `refused_rows`."""
        for node in self.tree.nodes:
            if node.object_id is None:
                try:
                    self._args[node.key] = self._validate(node)
                except AdsError as problem:
                    self._refuse(node, problem)

    async def build(self, call: Call, account: Account, existing: Mapping[str, Row]) -> None:
        """Fill `steps`. `existing` are the objects that the plan names. A node below a refused one is refused, too."""
        for node in self.tree.nodes:
            above = [*([node.parent] if node.parent else []), *node.needs]
            blocker = next((item for item in above if item.key in self._bad), None)
            if node.object_id is not None or node.key in self._bad:
                continue
            try:
                if blocker is not None:
                    raise InvalidArguments(f"It needs plan.{blocker.place}, which is refused.")
                _check_budget(node, existing)
                self.steps.append(self._step(node, *await self._params(call, account, node)))
            except AdsError as problem:
                self._refuse(node, problem)
        self._drop_unused()

    def _refuse(self, node: TreeNode, problem: AdsError) -> None:
        self._bad.add(node.key)
        self.allowed = self.allowed or tuple(problem.allowed)
        choices = f" {problem.next_step}" if problem.allowed else ""
        reason = f"{problem.message}{choices}".rstrip(".")
        number = self.tree.nodes.index(node) + 1
        self.refused_rows.append(RefusedRow(reason, number, f"plan.{node.place}", name=node.name))

    def _drop_unused(self) -> None:
        """Drop the creatives and videos that only refused nodes use."""
        for level in ("creative", *_MEDIA_LEVELS):
            for node in self.tree.of(level):
                if all(user.key in self._bad for user in self.tree.nodes if node in user.needs):
                    self._bad.add(node.key)
        self.steps = [step for step in self.steps if step.key not in self._bad]

    def _validate(self, node: TreeNode) -> WriteParams:
        if node.arguments.get("status", "PAUSED") != "PAUSED":
            raise InvalidArguments("Everything of a plan is created PAUSED; leave the status out.")
        arguments = {**node.arguments, "account_id": self.account_id, **self._references(node)}
        if node.level == "creative":
            self._complete_creative(node, arguments)
        args = validate(_TOOLS[node.level], arguments)
        if not isinstance(args, WriteParams):
            raise TypeError(f"{_TOOLS[node.level].name} is not a write tool")
        if isinstance(args, UploadAdImage) and args.image_base64 is not None:
            raise InvalidArguments("An image of a plan is image_path or image_url.")
        return args

    def _complete_creative(self, node: TreeNode, arguments: Row) -> None:
        """Set the name that the plan leaves out, and require a preview picture for a new video."""
        for item in node.needs:
            if arguments.pop(item.level, None) is not None and node.arguments.get(_MEDIA_ARGUMENTS[item.level]):
                raise InvalidArguments(f"Give {item.level} or {_MEDIA_ARGUMENTS[item.level]}, not both.")
        if not arguments.get("name"):
            users = [item for item in self.tree.nodes if node in item.needs]
            arguments["name"] = str(next((user.name for user in users if user.name), "Creative"))[:255]
        has_preview = any(arguments.get(name) for name in ("image_hash", "thumbnail_url", "image_url"))
        if any(item.level == "video" for item in node.needs) and not has_preview:
            raise InvalidArguments("A creative with a new video needs a preview: image, image_hash or thumbnail_url.")

    async def _params(self, call: Call, account: Account, node: TreeNode) -> tuple[Row, Row]:
        """Return the parameters of the request, and the values that the object then has. Raises AdsError."""
        tool, args = _TOOLS[node.level], self._args[node.key]
        if isinstance(args, UploadAdImage | UploadAdVideo):
            return await plan_media(call, args)
        if isinstance(args, CreateAdCreative) and args.page_id is None and not (args.existing or args.has_spec):
            self._page = self._page or await infer_page(call, account.id)
            args = args.model_copy(update={"page_id": self._page})
        if isinstance(args, CreateAdSet):
            args = await self._with_pixel(call, args)
        values = convert_money_and_times(args, graph_params(tool, args), tool, account)
        after = await args.complete_from_graph(call, args.complete_values(values))
        if isinstance(args, CreateAdSet):
            await args.note_settings(call)
        return args.to_graph_params(dict(after), account), after

    async def _with_pixel(self, call: Call, args: CreateAdSet) -> CreateAdSet:
        """Return the ad set with the account's pixel, if it names an event and no pixel, and there is only one."""
        target = args.promoted_object
        if target is None or target.custom_event_type is None or target.pixel_id is not None:
            return args
        if self._pixels is None:
            pixels = await call.graph.list(f"{self.account_id}/adspixels", fields=["id", "name"], limit=2)
            self._pixels = [str(row["id"]) for row in pixels.rows]
        if len(self._pixels) != 1:
            return args
        call.note(f"pixel_id {self._pixels[0]}: the only pixel of the account.")
        return args.model_copy(update={"promoted_object": target.model_copy(update={"pixel_id": self._pixels[0]})})

    def _step(self, node: TreeNode, params: Row, values: Row) -> UnitStep:
        tool, edge = _TOOLS[node.level], _EDGES[node.level]
        body, after = self._with_references(params), self._with_references(values)
        request = Request(
            "POST",
            f"{self.account_id}/{edge}",
            body,
            account=self.account_id,
            # The same image has the same hash, however often it is uploaded.
            repeatable=node.level == "image",
            write=True,
            patience="upload" if node.level in _MEDIA_LEVELS else "normal",
        )
        is_shown = node.level not in _MEDIA_LEVELS
        change = Change(
            Effect.CREATE,
            request,
            str(tool.node),
            after=after,
            readable=tuple(name for name in after if name not in tool.write_only) if is_shown else (),
            parent=self.account_id,
            edge=edge,
            validate_only=tool.validate_only,
            title=str(after.get("name") or after.get("title") or ""),
        )
        needs = [item.key for item in (node.parent, *node.needs) if item is not None and item.object_id is None]
        number = self.tree.nodes.index(node) + 1
        return UnitStep(node.key, change, tuple(needs), self._item(node), number, is_upload=MEDIA_KEY in params)

    def _item(self, node: TreeNode) -> str | None:
        """Return the key of the ad that a creative, a video or an image is for."""
        if node.level not in ("creative", *_MEDIA_LEVELS):
            return None
        users = [item for item in self.tree.nodes if node in item.needs]
        return next((self._item(user) or user.key for user in users), None)

    # ---- references

    def _references(self, node: TreeNode) -> Row:
        """Return the arguments that hold the ids of other nodes, with stand-ins for those that do not exist yet."""
        references: Row = {}
        parent_argument = _PARENT_ARGUMENT.get(node.level)
        if node.parent is not None and parent_argument is not None:
            references[parent_argument] = node.parent.object_id or self._stand_in(node.parent)
        for item in node.needs:
            references[_MEDIA_ARGUMENTS[item.level]] = self._stand_in(item)
        return references

    def _stand_in(self, node: TreeNode) -> str:
        earlier = next((text for text, key in self._stand_ins.items() if key == node.key), None)
        stand_in = earlier or str(_FIRST_STAND_IN + len(self._stand_ins))
        self._stand_ins[stand_in] = node.key
        return stand_in

    def _with_references(self, value: Any) -> Any:
        """Return a value with references to steps in place of the stand-ins."""
        if isinstance(value, Mapping):
            return {name: self._with_references(item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._with_references(item) for item in value]
        key = self._stand_ins.get(value) if isinstance(value, str) else None
        return value if key is None else id_of_step(key)


def _check_budget(node: TreeNode, existing: Mapping[str, Row]) -> None:
    """Raise InvalidArguments unless the budget is the campaign's or its ad sets', and there is one."""
    if node.level != "ad_set" or node.parent is None:
        return
    parent_id = node.parent.object_id
    above: Mapping[str, Any] = node.parent.arguments if parent_id is None else existing.get(parent_id, {})
    levels = [values for values in (above, node.arguments) if any(has_amount(values.get(name)) for name in _BUDGETS)]
    if len(levels) > 1:
        raise InvalidArguments("The campaign has a budget, so its ad sets cannot have one.")
    if not levels:
        raise InvalidArguments("Neither the ad set nor its campaign has a budget.")
