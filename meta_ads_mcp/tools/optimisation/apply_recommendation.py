"""Apply one of Meta's recommendations, and show what it changed."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from meta_ads_mcp.core.params import Closed, Local, opaque_object
from meta_ads_mcp.core.partial import attempt
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.ids import AccountId
from meta_ads_mcp.core.values.money import format_money, money
from meta_ads_mcp.core.write import Change, ConfirmedParams, CreateParams, Plan, Steps
from meta_ads_mcp.domain.optimization.recommendation_effect import effect_of_recommendation
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.optimisation.advice import (
    describe_differences,
    describe_objects,
    differences,
    differences_with_money,
    list_recommendations,
    object_ids,
    read_objects,
)

MAX_SHOWN = 10
MAX_TEXT = 600
UNSAID = (
    "Graph does not say beforehand which values Meta sets. The answer shows what changed on the named objects; objects "
    "that Meta creates are not among them and stay when you undo."
)


class RecommendationParameters(Closed):
    """Values for the few kinds that take them (SDK: AdAccount.create_recommendation)."""

    asc_fragmentation_parameters: dict[str, Any] | None = None
    autoflow_parameters: dict[str, Any] | None = None
    fragmentation_parameters: dict[str, Any] | None = None
    music_parameters: dict[str, Any] | None = None
    scale_good_campaign_parameters: dict[str, Any] | None = None


Parameters = Annotated[
    RecommendationParameters,
    Field(json_schema_extra=opaque_object("{name of one of Meta's five: {...}}")),
]


@tool(
    "ads_apply_recommendation",
    Effect.UPDATE,
    post("{account_id}/recommendations"),
    node="AdAccount",
    singular="recommendation",
    keywords="accept advice opportunity score optimization",
)
class ApplyRecommendation(ConfirmedParams, CreateParams):
    """Apply one of Meta's recommendations by its signature. Always needs a confirmation.

    Shows kind, text, objects and their present values first. Meta decides what is changed: budgets can rise. The answer
    lists what changed; ads_undo_change puts it back.
    """

    account_id: AccountId
    recommendation_signature: Annotated[
        str,
        Field(min_length=1, max_length=500, description="From ads_get_opportunity_score; without one, apply by hand"),
    ]
    extra_data: dict[str, Any] | None = None
    parameters: Annotated[Parameters | None, Local()] = None

    @classmethod
    def keeps_result(cls) -> bool:
        """The undo puts back what the answer shows as changed."""
        return True

    async def plan(self, call: Call) -> Plan:
        """Find the recommendation and its objects. Raises InvalidArguments for a signature that is not in the list."""
        recommendation = self._find(await list_recommendations(call, self.account_id))
        objects = await read_objects(call, self.account_id, object_ids(recommendation))
        params: Row = {"recommendation_signature": self.recommendation_signature}
        params |= {"extra_data": self.extra_data} if self.extra_data is not None else {}
        params |= self.parameters.model_dump(exclude_none=True) if self.parameters else {}
        kind = str(recommendation.get("type"))
        change = Change(
            Effect.UPDATE,
            Request(
                "POST",
                f"{self.account_id}/recommendations",
                params,
                account=self.account_id,
                repeatable=False,
                write=True,
                kind="AdAccount",
            ),
            "AdAccount",
            object_id=self.account_id,
            before={"objects": objects},
            after={"recommendation": kind},
            edge="recommendations",
            context={"recommendation": recommendation},
        )
        notes = await self._notes(call, recommendation, objects, params)
        details = {"recommendation": _public(recommendation), "objects": list(objects.values())}
        return Plan([change], f"Apply recommendation {kind}.", notes, details)

    def _find(self, rows: list[Row]) -> Row:
        for row in rows:
            if row.get("recommendation_signature") == self.recommendation_signature:
                return row
        present = [
            f"{row.get('type')} for {', '.join(object_ids(row)) or 'the account'}: {row['recommendation_signature']}"
            for row in rows
            if row.get("recommendation_signature")
        ]
        listed = f"Now there are {'; '.join(present[:MAX_SHOWN])}" if present else "None can be applied now"
        raise InvalidArguments(
            f"{self.account_id} has no recommendation with this signature; signatures go stale. {listed}.",
            "Look with ads_get_opportunity_score, and call again with the signature of the recommendation you mean.",
        )

    async def _notes(self, call: Call, recommendation: Row, objects: dict[str, Row], params: Row) -> list[str]:
        """Return what a person has to know: what Meta says, the present values, and what is not known."""
        currency = await self._currency(call)
        content = recommendation.get("recommendation_content")
        content = content if isinstance(content, dict) else {}
        points = content.get("opportunity_score_lift", recommendation.get("opportunity_score_lift"))
        says = f'Meta says: "{str(content.get("body") or recommendation.get("type"))[:MAX_TEXT]}"'
        notes = [f"{says} It adds {points} to the opportunity score." if points is not None else says]
        if objects:
            notes.append(f"It is about {describe_objects(objects, currency)}.")
        effect = effect_of_recommendation(recommendation, params, objects)
        if effect.budgets:
            amounts = ", ".join(_budget(amount, currency) for amount in effect.budgets)
            notes.append(f"It names a budget of {amounts}.")
        if not effect.is_known:
            notes.append("What this kind of recommendation changes is not known; it can be anything.")
        return [*notes, UNSAID]

    async def _currency(self, call: Call) -> str | None:
        account = await attempt(call.account(self.account_id))
        return None if isinstance(account, AdsError) else account.currency

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        """Apply it, and read the objects and the score again."""
        change = plan.changes[0]
        await steps.do(change)
        before: dict[str, Row] = change.before["objects"]
        now = await attempt(read_objects(call, self.account_id, list(before)))
        account = await attempt(call.graph.get(self.account_id, fields=["id", "opportunity_score"]))
        data: Row = {"recommendation": plan.details["recommendation"]}
        if not isinstance(account, AdsError):
            data["opportunity_score"] = account.get("opportunity_score")
        if isinstance(now, AdsError):
            call.note(f"What it changed could not be read ({now.kind}); look with ads_account_get_activity_logs.")
            return data
        rows, currency = differences(before, now), await self._currency(call)
        data["changed_objects"] = differences_with_money(rows, currency)
        kind = change.after["recommendation"]
        if rows:
            data["next_step"] = "ads_undo_change with the change_id puts these values back."
            return data | {"summary": f"Applied {kind}. Meta changed {describe_differences(rows, currency)}."}
        call.note(
            "The named objects show no difference yet: Meta may take some minutes, or have changed others. Look with "
            "ads_account_get_activity_logs."
        )
        return data | {"summary": f"Applied {kind}; the named objects show no difference yet."}


def _budget(minor: int, currency: str | None) -> str:
    return f"{minor} (minor units)" if currency is None else format_money(money(minor, currency))


def _public(recommendation: Row) -> Row:
    """Return the recommendation without Meta's link, with its content beside the other fields."""
    content = recommendation.get("recommendation_content")
    rest = {name: recommendation[name] for name in ("type", "object_ids") if name in recommendation}
    return {**rest, **(content if isinstance(content, dict) else {})}
