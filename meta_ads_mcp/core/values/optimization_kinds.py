"""List the kinds of objects that steer delivery beside campaigns, for `core/nodes.py`.

Fields are those of facebook_business 26.0.3.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class OptimizationKind(NamedTuple):
    """State the facts about one kind; `core/nodes.py` explains them. An edge of the account creates and lists it.

    `fingerprint` is (fields, creation time). Without an edge, rows of the kind have no id.
    """

    name: str
    label: str
    edge: str | None = None
    distinct_field: str | None = None
    fingerprint: tuple[tuple[str, ...] | None, str | None] = (("name",), None)
    id_keys: tuple[str, ...] = ()
    # The object names its account in the field `account_id`.
    names_account: bool = False

    @property
    def owner(self) -> str:
        """Return the value of `Owner`."""
        if self.edge is None:
            return "unknown"
        return "self" if self.names_account else "member"

    def facts(self) -> dict[str, Any]:
        """Return the facts by the names of the fields of NodeKind."""
        return {
            "name": self.name,
            "label": self.label,
            "member_edge": self.edge if self.owner == "member" else None,
            "list_edge": self.edge,
            "distinct_field": self.distinct_field,
            "id_keys": self.id_keys,
            "delivers": False,
        }


OPTIMIZATION_KINDS = (
    OptimizationKind(
        "AdsValueAdjustmentRuleCollection",
        "value rule set",
        "value_rule_set",
        "is_default_setting",
        id_keys=("value_rule_set_id",),
    ),
    OptimizationKind(
        "PublisherBlockList",
        "block list",
        "publisher_block_lists",
        "is_auto_blocking_on",
        id_keys=("block_list_id", "publisher_block_list_ids", "excluded_publisher_list_ids"),
    ),
    OptimizationKind(
        "ReachFrequencyPrediction",
        "reach and frequency prediction",
        "reachfrequencypredictions",
        "prediction_progress",
        (None, "time_created"),
        ("rf_prediction_id", "prediction_id"),
        names_account=True,
    ),
    OptimizationKind("AdAccountBusinessConstraints", "account control"),
    OptimizationKind("AdAccountRecommendations", "recommendation"),
)
