"""Types of value rules, and their description in words.

Source: Meta docs, marketing-api/bidding/value-rules; SDK class AdsValueAdjustmentRuleCollection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.params import Closed
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.ids import ObjectId

RULE_FIELDS = "rules{id,name,adjust_sign,adjust_value,status,criterias}"
SET_FIELDS = ("id", "name", "status", "product_type", "is_default_setting", "last_attach_time", RULE_FIELDS)
MAX_RULES, MAX_CRITERIA = 10, 4
MAX_DECREASE = 90
# Statuses of ad sets that can spend, or will when somebody starts them.
USED_STATUSES = ("ACTIVE", "PAUSED", "CAMPAIGN_PAUSED", "IN_PROCESS", "WITH_ISSUES")
PLACES = ("LOCATION_COUNTRY", "LOCATION_REGION", "LOCATION_CITY", "LOCATION_COMSCORE_MARKET")
_AGES = re.compile(r"([0-9]{2})-([0-9]{2})|[0-9]{2}\+")
ProductType = Literal["AUDIENCE", "LEADGEN_ADS", "OMNI_CHANNEL"]
CriteriaType = Literal[
    "AGE", "GENDER", "OS_TYPE", "DEVICE_PLATFORM", "LOCATION", "PLACEMENT", "OMNI_CHANNEL", "AUDIENCE_LABEL"
]
Word = Annotated[str, Field(min_length=1, max_length=100)]


class ValueCriterion(Closed):
    """A condition of a value rule. `criteria_value_types` is NONE for everything but places."""

    id: ObjectId | None = None
    criteria_type: CriteriaType
    operator: Literal["CONTAINS"] = "CONTAINS"
    criteria_values: Annotated[list[Word], Field(min_length=1, max_length=100)]
    criteria_value_types: Annotated[list[Word], Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def _check_values(self) -> Self:
        if len(self.criteria_values) != len(self.criteria_value_types):
            raise ValueError("criteria_values and criteria_value_types need the same length")
        types = PLACES if self.criteria_type == "LOCATION" else ("NONE",)
        wrong = [word for word in self.criteria_value_types if word not in types]
        if "LOCATION_DMA" in wrong:
            raise ValueError("Meta removed LOCATION_DMA in June 2026; use LOCATION_COMSCORE_MARKET")
        if wrong:
            raise ValueError(f"criteria_value_types of {self.criteria_type} are {' or '.join(types)}, not {wrong[0]}")
        if self.criteria_type == "AGE":
            for text in self.criteria_values:
                _check_ages(text)
        return self


def _check_ages(text: str) -> None:
    match = _AGES.fullmatch(text)
    if match is None:
        raise ValueError(f"an age is a range such as 25-34, or an open one such as 65+, not {text}")
    if match[2] == "65":
        raise ValueError(f"Meta refuses 65 as the upper end of an age; write {match[1]}+ instead of {text}")
    if match[2] is not None and int(match[1]) >= int(match[2]):
        raise ValueError(f"the range {text} ends before it begins")


class ValueRule(Closed):
    """A rule of a set: by how many percent Meta bids more or less for people who meet all criteria."""

    id: ObjectId | None = None
    name: Annotated[str, Field(min_length=1, max_length=200)]
    adjust_sign: Literal["INCREASE", "DECREASE"]
    adjust_value: Annotated[int, Field(ge=1, le=1000, description="Percent: INCREASE 1-1000, DECREASE 1-90")]
    criterias: Annotated[list[ValueCriterion], Field(min_length=1, max_length=MAX_CRITERIA)]

    @model_validator(mode="after")
    def _check_value(self) -> Self:
        if self.adjust_sign == "DECREASE" and self.adjust_value > MAX_DECREASE:
            raise ValueError(f"DECREASE takes at most {MAX_DECREASE} percent, not {self.adjust_value}")
        return self


def nested_rows(value: Any) -> list[Row]:
    """Return the rows of a list that Graph nests in `data`, as rules and criteria are."""
    rows = value.get("data") if isinstance(value, Mapping) else value
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def plain_rules(value: Any) -> list[Row]:
    """Return rules as Graph takes them, with their ids, from the form in which it shows them."""
    return [
        {
            **{name: rule[name] for name in ("id", "name", "adjust_sign", "adjust_value") if name in rule},
            "criterias": nested_rows(rule.get("criterias")),
        }
        for rule in nested_rows(value)
    ]


def without_ids(rules: Sequence[Row]) -> list[Row]:
    """Return rules as new ones, which Graph gives new ids."""
    return [
        {name: value for name, value in rule.items() if name not in ("id", "criterias")}
        | {"criterias": [{n: v for n, v in row.items() if n != "id"} for row in rule.get("criterias", ())]}
        for rule in rules
    ]


def describe_rule(rule: Mapping[str, Any]) -> str:
    """Return a rule in words, such as `bid 30 % more for gender FEMALE and location BR`."""
    direction = "more" if rule.get("adjust_sign") == "INCREASE" else "less"
    criteria = " and ".join(_describe_criterion(row) for row in nested_rows(rule.get("criterias")))
    return f"bid {rule.get('adjust_value')} % {direction} for {criteria or 'everybody'}"


def _describe_criterion(row: Mapping[str, Any]) -> str:
    values = row.get("criteria_values")
    words = " or ".join(str(value) for value in values) if isinstance(values, list) else "?"
    return f"{str(row.get('criteria_type')).lower().replace('_', ' ')} {words}"


async def users_of_sets(call: Call, account_id: str) -> dict[str, list[Row]]:
    """Map the id of each value rule set to the ad sets that use it, of those that run or can be started."""
    users: dict[str, list[Row]] = {}
    pages = call.graph.each_page(
        f"{account_id}/adsets",
        fields=("id", "name", "effective_status", "value_rule_set_id", "value_rules_applied"),
        limit=500,
        effective_status=list(USED_STATUSES),
    )
    async for rows in pages:
        for row in rows:
            if row.get("value_rule_set_id") and row.get("value_rules_applied") is not False:
                users.setdefault(str(row["value_rule_set_id"]), []).append(row)
    return users
