"""Studies are made in the account's business, in Unix seconds, with cells of ids."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.scripted_graph import ACCOUNT, CAMPAIGN, ScriptedGraph, confirmed, engine, error_of

TOOL, BUSINESS = "ads_create_ad_study", "90"
A, B = "201", "202"
NEW: dict[str, Any] = {
    "account_id": ACCOUNT,
    "name": "Red or blue",
    "start_time": "2026-12-01T00:00:00",
    "end_time": 1_797_116_400,
    "cells": [
        {"name": "Red", "treatment_percentage": 50, "ad_sets": [A]},
        {"name": "Blue", "treatment_percentage": 50, "ad_sets": [B]},
    ],
}


@pytest.fixture
def client(client: ScriptedGraph) -> ScriptedGraph:
    client.objects[ACCOUNT]["business"] = {"id": BUSINESS, "name": "Firm"}
    for found in (A, B):
        client.objects[found] = {"id": found, "account_id": "1"}
    client.objects["300"] = {"id": "300", "account_id": "3"}
    client.objects["act_3"] = {**client.objects[ACCOUNT], "id": "act_3", "account_id": "3"}
    return client


async def test_a_split_test(client: ScriptedGraph) -> None:
    answer = await confirmed(engine(client), TOOL, NEW)
    assert answer.structured["data"]["id"] == "501"
    (request,) = client.writes
    assert request.path == f"{BUSINESS}/ad_studies"
    assert dict(request.params) == {
        "name": "Red or blue",
        "type": "SPLIT_TEST",
        # Midnight in Berlin, where the account is.
        "start_time": 1_796_079_600,
        "end_time": 1_797_116_400,
        "cells": [
            {"name": "Red", "treatment_percentage": 50, "adsets": [A]},
            {"name": "Blue", "treatment_percentage": 50, "adsets": [B]},
        ],
    }


async def test_a_lift_study_of_campaigns_in_a_named_business(client: ScriptedGraph) -> None:
    cells = [{"name": "All", "treatment_percentage": 80, "control_percentage": 20, "campaigns": [CAMPAIGN]}]
    objectives = [{"name": "Sales", "type": "CONVERSIONS", "is_primary": True, "adspixels": [{"id": "55"}]}]
    more = {"type": "LIFT_STUDY", "cells": cells, "objectives": objectives, "business_id": "91", "confidence_level": 90}
    answer = await confirmed(engine(client), TOOL, {**NEW, **more})
    (request,) = client.writes
    assert request.path == "91/ad_studies"
    assert request.params["type"] == "LIFT"
    assert request.params["cells"] == cells
    assert request.params["objectives"] == objectives
    assert request.params["confidence_level"] == 90
    assert any("confidence_level" in note for note in answer.structured["notes"])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"cells": [{**NEW["cells"][0], "treatment_percentage": 60}, NEW["cells"][1]]}, "110"),
        ({"cells": NEW["cells"][:1]}, "two cells"),
        ({"cells": [NEW["cells"][0], {**NEW["cells"][1], "ad_sets": [A]}]}, "only one cell"),
        ({"cells": [NEW["cells"][0], {"name": "x", "treatment_percentage": 1}]}, "ad_sets or campaigns"),
        ({"type": "LIFT"}, "objectives"),
        ({"type": "GEO"}, "type"),
        ({"confidence_level": 0.95}, "confidence_level"),
    ],
)
async def test_what_meta_would_refuse_is_not_asked(client: ScriptedGraph, wrong: dict[str, Any], said: str) -> None:
    error = error_of(await engine(client).call(TOOL, {**NEW, **wrong}))
    assert error["kind"] == "invalid_arguments"
    assert said in error["message"]
    assert client.sent == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"end_time": "2026-11-30T00:00:00"},
        {"start_time": "2026-01-01T00:00:00", "end_time": "2026-02-01T00:00:00"},
        {"cells": [NEW["cells"][0], {**NEW["cells"][1], "ad_sets": ["300"]}]},
    ],
)
async def test_times_and_members_that_do_not_fit_are_refused(client: ScriptedGraph, wrong: dict[str, Any]) -> None:
    assert error_of(await engine(client).call(TOOL, {**NEW, **wrong}))["kind"] == "invalid_arguments"
    assert client.writes == []


async def test_a_refused_key_of_a_cell_is_named_with_the_accepted_ones(client: ScriptedGraph) -> None:
    cells = [NEW["cells"][0], {**NEW["cells"][1], "adsets": [B]}]
    assert "ad_sets" in error_of(await engine(client).call(TOOL, {**NEW, "cells": cells}))["allowed"]


async def test_an_account_without_business_is_told(client: ScriptedGraph) -> None:
    del client.objects[ACCOUNT]["business"]
    error = error_of(await engine(client).call(TOOL, NEW))
    assert "business" in error["message"]
    assert "business_id" in error["next_step"]


@pytest.mark.parametrize(
    "beyond",
    [{"business_id": "91"}, {"cells": [NEW["cells"][0], {**NEW["cells"][1], "ad_sets": ["300"]}]}],
)
async def test_the_allowed_accounts_hold(client: ScriptedGraph, beyond: dict[str, Any]) -> None:
    server = engine(client, accounts=("act_1",))
    assert error_of(await server.call(TOOL, {**NEW, **beyond}))["kind"] == "denied"
    assert client.writes == []
