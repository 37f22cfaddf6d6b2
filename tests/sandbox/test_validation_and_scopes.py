"""What a validation and a token's scopes let through."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox_writes import untouched, writing

from .test_writes_refused import AD, AD_SET, CAMPAIGN, CREATIVE


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("{account}/campaigns", CAMPAIGN),
        ("{account}/adsets", AD_SET),
        ("{account}/ads", AD),
        ("{account}/adcreatives", CREATIVE),
        ("{split}", {"name": "x"}),
        ("{ad_set}", {"daily_budget": 700}),
        ("{ad}", {"status": "PAUSED"}),
    ],
)
async def test_validate_only_checks_and_changes_nothing(path: str, params: dict[str, Any]) -> None:
    made = untouched()
    before = made.store.snapshot()
    assert await made.done("POST", path, params | {"execution_options": ["validate_only"]}) == {"success": True}
    assert made.store.changes(before) == {}


async def test_a_budget_that_has_changed_too_often_does_not_pass_the_validation() -> None:
    made = writing()
    for budget in range(5001, 5005):
        await made.done("POST", "{ad_set}", {"daily_budget": budget})
    validation = {"daily_budget": 6000, "execution_options": ["validate_only"]}
    for params in (validation, validation, {"daily_budget": 6000}):
        assert (await made.refused("POST", "{ad_set}", params))["code"] == 613


@pytest.mark.parametrize("path", ["{account}", "{account}/campaigns", "{split}", "{ad_set}", "{ad}"])
async def test_the_id_of_the_object_itself_is_ignored_in_a_post(path: str) -> None:
    made = writing()
    params = CAMPAIGN if path.endswith("campaigns") else {"name": "x"}
    own = made.filled(path).partition("/")[0]
    assert await made.done("POST", path, params | {"id": own})
    assert "Unexpected key" in (await made.refused("POST", path, params | {"id": "1"}))["message"]


@pytest.mark.parametrize("scopes", [("ads_read",), ()])
async def test_a_token_that_may_only_read_writes_nothing(scopes: tuple[str, ...]) -> None:
    made = untouched()
    known = made.sandbox.tokens.known[made.sandbox.token]
    before, known.scopes = known.scopes, scopes
    error = await made.refused("POST", "{split}", {"name": "x"})
    known.scopes = before
    assert error["code"] == 200
