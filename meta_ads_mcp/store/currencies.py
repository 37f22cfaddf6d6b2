"""Find places where a statement may add or compare money of several currencies.

Columns of money are followed by name through subqueries, common table expressions and unions. A sum of them is safe if
its groups, its partition or its condition hold it to one currency, account or object. Where this is not certain, the
statement counts as mixing: the answer then has a note, nothing is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from meta_ads_mcp.store.functions import AGGREGATES
from meta_ads_mcp.store.store_tables import MONEY_COLUMNS

# One value of each of these has one currency.
KEYS = frozenset("currency account_id campaign_id ad_set_id ad_id creative_id id".split())
# Aggregates that neither add nor compare values.
_NEUTRAL = frozenset(
    "any_value approx_count_distinct count count_star count_if countif first last mode grouping string_agg".split()
)
_MIXING = AGGREGATES - _NEUTRAL
_UNIONS = ("SET_OPERATION_NODE", "RECURSIVE_CTE_NODE")
_PASSES = 4
Node = Mapping[str, Any]


def mixes_money(tree: Any) -> bool:
    """Return whether the tree of a statement may add or compare money of several currencies."""
    return _MoneyCheck(list(_nodes(tree))).mixes()


@dataclass
class _MoneyCheck:
    """`money` are the names of columns that hold money, `keys` those that hold it to one currency."""

    nodes: list[Node]
    money: set[str] = field(default_factory=lambda: set(MONEY_COLUMNS))
    keys: set[str] = field(default_factory=lambda: set(KEYS))

    def mixes(self) -> bool:
        for _ in range(_PASSES):
            for node in self.nodes:
                self._follow(node)
        return any(self._is_mixing(node) for node in self.nodes)

    def _follow(self, node: Node) -> None:
        """Note the names that a node gives to money and to keys."""
        if node.get("type") == "SELECT_NODE":
            for item in node["select_list"]:
                if item.get("alias"):
                    self._name(str(item["alias"]).casefold(), item)
        elif node.get("type") in _UNIONS:
            lists = [each["select_list"] for each in _branches(node)]
            for items in lists[1:]:
                for first, item in zip(lists[0], items, strict=False):
                    if self._is_money(item):
                        self.money |= {str(first.get("alias") or "").casefold(), *_columns(first)} - {""}
        names = node.get("column_name_alias") or node.get("aliases")
        if names and self._is_money(node):
            self.money |= {str(name).casefold() for name in names}

    def _name(self, alias: str, item: Node) -> None:
        if self._is_money(item):
            self.money.add(alias)
        elif self._is_key(item):
            self.keys.add(alias)

    def _is_money(self, node: Any) -> bool:
        """Return whether a tree holds a column of money, also under the name of an expression: "sum(spend)"."""
        return any(
            each.get("class") in ("STAR", "POSITIONAL_REFERENCE") or any(map(self._has_money, _columns(each)))
            for each in _nodes(node)
        )

    def _has_money(self, name: str) -> bool:
        return name in self.money or ("(" in name and any(column in name for column in self.money))

    def _is_key(self, node: Node) -> bool:
        return bool(_columns(node) & self.keys)

    def _is_mixing(self, node: Node) -> bool:
        kind = node.get("type")
        if kind == "SELECT_NODE":
            return self._has_mixing_sum(node)
        if kind == "PIVOT":
            return self._is_money(node) and not any(self._is_key(each) for each in _nodes(node))
        return node.get("function_name") == "+" and self._adds_apart(_arguments(node))

    def _adds_apart(self, operands: list[Node]) -> bool:
        """Return whether money of different rows is added: of subqueries, or of two tables."""
        sources = [
            {"subquery"} if any(each.get("class") == "SUBQUERY" for each in _nodes(operand)) else _tables(operand)
            for operand in operands
            if self._is_money(operand)
        ]
        return len(sources) > 1 and ({"subquery"} in sources or bool(sources[0] and sources[0] != sources[1]))

    def _has_mixing_sum(self, select: Node) -> bool:
        if self._holds(select.get("where_clause")):
            return False
        is_grouped = self._is_grouped(select)
        parts = [select.get(name) for name in ("select_list", "having", "qualify", "modifiers")]
        for node in _nodes(parts, into_selects=False):
            name, is_window = str(node.get("function_name", "")).casefold(), node.get("class") == "WINDOW"
            if name not in _MIXING or not self._is_money(node.get("arguments")):
                continue
            safe = any(map(self._is_key, node.get("partitions") or ())) if is_window else is_grouped
            if not safe and not self._holds(node.get("filter") or node.get("filter_expr")):
                return True
        return False

    def _is_grouped(self, select: Node) -> bool:
        """Return whether every group of a select has one key."""
        items = select["select_list"]
        if select.get("aggregate_handling") == "FORCE_AGGREGATES":
            return any(map(self._is_key, items))
        groups = [self._group(group, items) for group in select.get("group_expressions") or ()]
        sets = select.get("group_sets") or []
        return bool(sets) and all(any(self._is_key(groups[place]) for place in each) for each in sets)

    def _group(self, group: Node, items: list[Node]) -> Node:
        """Return the expression of a group, which may be the number of an item."""
        text = str((group.get("literal") or {}).get("text", ""))
        return items[int(text) - 1] if text.isdigit() and 0 < int(text) <= len(items) else group

    def _holds(self, condition: Any) -> bool:
        """Return whether a condition is met by rows of one key only."""
        if not isinstance(condition, dict):
            return False
        if condition.get("type") == "CONJUNCTION_AND":
            return any(map(self._holds, condition.get("children") or ()))
        sides = (condition.get("left") or {}, condition.get("right") or {})
        is_equal = condition.get("type") == "COMPARE_EQUAL"
        return is_equal and any(map(self._is_key, sides)) and any(side.get("class") == "CONSTANT" for side in sides)


def _nodes(tree: Any, *, into_selects: bool = True) -> Iterator[Node]:
    """Yield every node of a tree; without the statements in it if they are not wanted."""
    pending = [tree]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            yield item
            if into_selects or item.get("class") != "SUBQUERY":
                pending += item.values()
        elif isinstance(item, list):
            pending += item


def _columns(node: Node) -> set[str]:
    """Return the name of the column that a node is, if it is one."""
    if node.get("class") != "COLUMN_REF":
        return set()
    return {str(node["column_names"][-1]).casefold()}


def _tables(node: Node) -> set[str]:
    return {str(each["column_names"][0]) for each in _nodes(node) if len(each.get("column_names") or ()) > 1}


def _arguments(node: Node) -> list[Node]:
    return [entry["expression"] for entry in node.get("arguments") or ()]


def _branches(node: Node) -> list[Node]:
    """Return the selects of a set operation, in order."""
    children = node.get("children") or [node.get("left"), node.get("right")]
    return [
        select
        for child in children
        if isinstance(child, dict)
        for select in (_branches(child) if child.get("type") in _UNIONS else [child])
        if "select_list" in select
    ]
