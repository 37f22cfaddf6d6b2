"""The Page of a new creative is never guessed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.scripted_graph import ScriptedGraph, engine
from tests.support.write_cases import (
    ACCOUNT,
    PAGE,
    Case,
    Refused,
    check,
    shop,
)

TOOL = "ads_create_ad_creative"
PATH = f"{ACCOUNT}/adcreatives"
LINK, H1 = "https://shop.example/spring", "h1"
PLAIN = {"account_id": ACCOUNT, "name": "Spring", "page_id": PAGE, "image_hash": H1, "link_url": LINK}


# Where Pages may be found, the nearest to the account first.
PAGE_EDGES = (f"{ACCOUNT}/promote_pages", f"{ACCOUNT}/ads", "me/assigned_pages")


def with_pages(edge: str, pages: list[str]) -> ScriptedGraph:
    client = shop()
    if edge.endswith("/ads"):
        client.objects["301"] = {"id": "301", "tracking_specs": [{"action.type": ["post_engagement"], "page": pages}]}
        client.edges[edge] = ["301"]
    else:
        client.objects |= {page: {"id": page, "name": page} for page in pages}
        client.edges[edge] = pages
    return client


@pytest.mark.parametrize("edge", PAGE_EDGES)
@pytest.mark.parametrize(("pages", "says"), [([], ["page_id"]), (["11", "12"], ["11", "12", "page_id"])])
async def test_a_page_is_never_guessed(edge: str, pages: list[str], says: list[str]) -> None:
    client = with_pages(edge, pages)
    given = {name: value for name, value in PLAIN.items() if name != "page_id"}
    await check(Refused(TOOL, given, says), client)


@pytest.mark.parametrize("edge", PAGE_EDGES)
async def test_the_only_page_is_taken_and_named(edge: str) -> None:
    client = with_pages(edge, [PAGE, "x"])
    given = {name: value for name, value in PLAIN.items() if name != "page_id"}
    sent = {"object_story_spec": {"page_id": PAGE, "link_data": {"link": LINK, "image_hash": H1}}}
    await check(Case(TOOL, given, PATH, sent, some=True, notes=(PAGE,)), client)


@pytest.mark.parametrize(
    ("options", "edge", "found"),
    [
        ({"business_id": "900"}, "900/client_pages", False),
        ({"business_id": "900"}, "me/assigned_pages", False),
        ({"accounts": (ACCOUNT,)}, "me/assigned_pages", False),
    ],
)
async def test_a_page_of_another_business_or_account_is_not_looked_for(
    options: dict[str, Any], edge: str, found: bool
) -> None:
    client = with_pages(edge, [PAGE])
    given = {name: value for name, value in PLAIN.items() if name != "page_id"}
    answer = await engine(client, **options).call(TOOL, given)
    assert bool(client.writes) is found, answer.text
    assert any(request.path == "me/assigned_pages" for request in client.sent) is False
