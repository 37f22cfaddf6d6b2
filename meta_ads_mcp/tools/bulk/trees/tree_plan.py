"""Read the plan of a campaign tree: its campaigns, ad sets, ads, creatives and media, each with its place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from meta_ads_mcp.core.params import Closed
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.domain.targeting import HoldsTargeting
from meta_ads_mcp.errors import InvalidArguments

NodeLevel = Literal["campaign", "ad_set", "creative", "ad", "video", "image"]
MAX_CAMPAIGNS, MAX_AD_SETS, MAX_ADS = 10, 50, 200
# Keys of an entry that are for the tree and not arguments of the tool that creates the object.
_TREE_KEYS = frozenset({"ref", "id", "ad_sets", "ads", "creative"})
_MEDIA: tuple[NodeLevel, ...] = ("video", "image")


class TreePlan(Closed):
    """The tree: `{campaigns: [{…, ad_sets: [{…, ads: [{…, creative_id | creative: {…}}]}]}]}`."""

    campaigns: Annotated[list[dict[str, Any]], HoldsTargeting("tree"), Field(min_length=1, max_length=MAX_CAMPAIGNS)]


class TreeDefaults(Closed):
    """Values that every ad set, ad or creative gets unless it has its own."""

    ad_set: Annotated[dict[str, Any], HoldsTargeting("tree")] | None = None
    ad: dict[str, Any] | None = None
    creative: dict[str, Any] | None = None


@dataclass
class TreeNode:
    """An object of the tree.

    `place` is where it stands in the plan, such as `campaigns[0].ad_sets[1]`. `object_id` is that of an existing
    object, to which only children are added. `needs` are the nodes whose ids its request holds.
    """

    level: NodeLevel
    key: str
    place: str
    arguments: Row
    parent: TreeNode | None = None
    object_id: str | None = None
    ref: str = ""
    needs: list[TreeNode] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.arguments.get("name") or self.ref or "")


@dataclass
class Tree:
    """All nodes of a plan, parents first, in the order of the plan."""

    nodes: list[TreeNode] = field(default_factory=list)
    _shared: dict[str, TreeNode] = field(default_factory=dict)

    def of(self, level: NodeLevel) -> list[TreeNode]:
        """Return the nodes of a level."""
        return [node for node in self.nodes if node.level == level]

    def children(self, parent: TreeNode | None, level: NodeLevel) -> list[TreeNode]:
        """Return the nodes of a level below a node."""
        return [node for node in self.nodes if node.level == level and node.parent is parent]

    def add(self, node: TreeNode) -> TreeNode:
        """Add a node and return it."""
        self.nodes.append(node)
        return node

    def share(self, level: NodeLevel, arguments: Row, place: str) -> TreeNode:
        """Return the node of these arguments. Equal creatives and media are made once."""
        text = json.dumps([level, arguments], sort_keys=True, default=str)
        if text not in self._shared:
            digest = hashlib.sha256(text.encode()).hexdigest()[:12]
            self._shared[text] = self.add(TreeNode(level, f"{level}:{digest}", place, arguments))
        return self._shared[text]


def read_tree(plan: TreePlan, defaults: TreeDefaults | None) -> Tree:
    """Return the tree of a plan. Raises InvalidArguments for an entry that is not an object, and for too many."""
    tree, values = Tree(), defaults or TreeDefaults()
    for number, campaign, place in _entries(plan.campaigns, "campaigns"):
        node = tree.add(_node("campaign", str(number), place, campaign, None, {}))
        for below, ad_set, inner in _entries(campaign.get("ad_sets"), f"{place}.ad_sets"):
            child = tree.add(_node("ad_set", f"{number}.{below}", inner, ad_set, node, values.ad_set or {}))
            for last, ad, deepest in _entries(ad_set.get("ads"), f"{inner}.ads"):
                _add_ad(tree, f"{number}.{below}.{last}", deepest, ad, child, values)
    for level, most in (("ad_set", MAX_AD_SETS), ("ad", MAX_ADS)):
        count = sum(node.level == level for node in tree.nodes)
        if count > most:
            raise InvalidArguments(f"The plan has {count} {level}s; one call makes at most {most}.", "Split the plan.")
    return tree


def _entries(value: Any, place: str) -> Iterator[tuple[int, Row, str]]:
    """Yield number (from 1), entry and place of each entry of a list."""
    if value is None:
        return
    if not isinstance(value, list):
        raise InvalidArguments(f"plan.{place} is not a list.", "Give a list of objects.")
    for index, entry in enumerate(value):
        if not isinstance(entry, Mapping):
            raise InvalidArguments(f"plan.{place}[{index}] is not an object.", "Give an object with its arguments.")
        yield index + 1, dict(entry), f"{place}[{index}]"


def _node(
    level: NodeLevel, number: str, place: str, entry: Row, parent: TreeNode | None, defaults: Mapping[str, Any]
) -> TreeNode:
    arguments = {name: value for name, value in entry.items() if name not in _TREE_KEYS}
    object_id = str(entry["id"]) if entry.get("id") else None
    if object_id is None:
        arguments = {**defaults, **arguments}
    elif arguments:
        raise InvalidArguments(
            f"plan.{place} names the existing {level} {object_id} and also values: {', '.join(sorted(arguments))}.",
            "Leave the values out: an existing object is not changed here.",
        )
    return TreeNode(level, f"{level}:{number}", place, arguments, parent, object_id, str(entry.get("ref") or ""))


def _add_ad(tree: Tree, number: str, place: str, entry: Row, parent: TreeNode, values: TreeDefaults) -> None:
    if entry.get("id"):
        raise InvalidArguments(f"plan.{place} names an existing ad.", "Leave it out: existing ads are not changed.")
    needs: list[TreeNode] = []
    creative = entry.get("creative")
    if creative is not None:
        if not isinstance(creative, Mapping):
            raise InvalidArguments(f"plan.{place}.creative is not an object.", "Give its arguments, or a creative_id.")
        needs.append(_add_creative(tree, {**(values.creative or {}), **creative}, f"{place}.creative"))
    node = _node("ad", number, place, entry, parent, values.ad or {})
    if (creative is None) == (node.arguments.get("creative_id") is None):
        raise InvalidArguments(f"plan.{place} needs either creative or creative_id.", "Give one of them.")
    node.needs += needs
    tree.add(node)


def _add_creative(tree: Tree, arguments: Row, place: str) -> TreeNode:
    media: list[TreeNode] = []
    for kind in _MEDIA:
        spec = arguments.get(kind)
        if isinstance(spec, Mapping):
            media.append(tree.share(kind, dict(spec), f"{place}.{kind}"))
    node = tree.share("creative", arguments, place)
    node.needs = media
    return node
