"""Change the spend cap of an ad account, at which all delivery stops."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.ids import AccountId
from meta_ads_mcp.core.values.money import Money, format_money, money, standard
from meta_ads_mcp.core.write import ConfirmedParams
from meta_ads_mcp.errors import NotFound


@tool(
    "ads_update_spend_cap",
    Effect.UPDATE,
    post("{account_id}"),
    node="AdAccount",
    singular="ad account",
    keywords="limit account spending raise lower remove reset",
    write_only="status spend_cap_action",
)
class UpdateSpendCap(ConfirmedParams):
    """Set an ad account's spend cap; 0 (or delete) removes it, reset starts the count anew. At the cap all delivery
    stops.

    Raising, removing and resetting it need a confirmation.
    """

    account_id: AccountId
    spend_cap: Money | None = None
    spend_cap_action: Annotated[
        Literal["reset", "delete"] | None, Field(description="reset: amount spent back to 0; delete: no cap")
    ] = None

    @model_validator(mode="after")
    def _require_a_change(self) -> Self:
        if self.spend_cap is None and self.spend_cap_action is None:
            raise ValueError("give spend_cap or spend_cap_action")
        if self.spend_cap_action == "delete" and self.spend_cap not in (None, 0):
            raise ValueError("spend_cap_action=delete removes the cap: leave out spend_cap")
        return self

    def fields_to_read(self) -> tuple[str, ...]:
        return ("spend_cap", "amount_spent", "currency")

    def complete_values(self, after: Row) -> Row:
        """Return the cap in minor units, as Graph reads it. 0 means no cap."""
        return {"spend_cap": 0} if self.spend_cap_action == "delete" else after

    def to_graph_params(self, after: Row, account: Account | None) -> Row:
        """Convert the cap: Graph returns it in minor units but takes it in whole units of the currency.

        Raises NotFound when the account's currency is unreadable.
        """
        if self.spend_cap_action == "delete":
            return {"spend_cap_action": "delete"}
        if "spend_cap" not in after:
            return after
        if account is None:
            # Sent in minor units, the cap would be a hundred times too high.
            raise NotFound(f"Meta does not show the currency of {self.account_id}, which is required to set a cap.")
        return {**after, "spend_cap": standard(int(after["spend_cap"]), account.currency)}

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        spent, cap, currency = _minor(before.get("amount_spent")), after.get("spend_cap"), str(before.get("currency"))
        if self.spend_cap_action == "reset":
            spent = 0
        if cap and cap <= spent:
            amount = format_money(money(spent, currency))
            call.note(f"The account has already spent {amount}, so this cap stops all delivery immediately.")

    def confirmation_reasons(self, before: Row, after: Row) -> list[str]:
        if self.spend_cap_action == "reset":
            return ["it resets the amount spent to 0, so that the whole cap can be spent again"]
        return ["it removes the spend cap"] if after.get("spend_cap") == 0 and _minor(before.get("spend_cap")) else []


def _minor(value: object) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else 0
