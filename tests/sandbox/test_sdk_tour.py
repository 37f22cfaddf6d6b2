"""A tour through the sandbox with Meta's official Python SDK as a real client, over HTTP.

Every edge that the sandbox serves is called through the SDK's own method for it. The SDK decides what travels: its
cursors ask every list for a `summary`, reports are started with `fields` as it writes them, videos go in pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adreportrun import AdReportRun
from facebook_business.adobjects.campaign import Campaign
from facebook_business.adobjects.customaudience import CustomAudience
from facebook_business.adobjects.targetingsearch import TargetingSearch
from facebook_business.adobjects.user import User
from facebook_business.api import Cursor
from facebook_business.exceptions import FacebookRequestError

from meta_ads_mcp.sandbox.edges import registry
from meta_ads_mcp.sandbox.http_server import SandboxServer
from meta_ads_mcp.sandbox.store import GraphNode
from tests.support.sandbox_writes import US, writing
from tests.support.sdk_client import Tour, sdk_class, sdk_methods

from .sdk_catalogs import tour_catalogs
from .sdk_uploads import batches, uploads
from .test_writes_done import CREATED, ON_PAGES, UPDATED
from .test_writes_refused import AD, AD_SET, CAMPAIGN, ROWS

pytestmark = pytest.mark.loopback

# Calls that are not answered as the SDK expects, and why. Everything else has to be.
EXCEPTIONS = {
    "Campaign.get_by_ids": "Graph refuses `/?ids=1,2` in every version since 2026-10-27, and so does the sandbox",
}
MIN_CORRECT_SHARE = 0.95
SHOWN_ROWS = 12  # of a list, how many rows are read with all fields

# Params without which an edge is refused, by Graph too.
FORMAT = {"ad_format": "MOBILE_FEED_STANDARD"}
REQUIRED: dict[str, dict[str, Any]] = {
    "Ad/previews": FORMAT,
    "AdCreative/previews": FORMAT,
    "AdAccount/generatepreviews": FORMAT | {"creative": {"creative_id": "{creative}"}},
    "AdAccount/reachestimate": {"targeting_spec": US},
    "AdAccount/delivery_estimate": {"targeting_spec": US, "optimization_goal": "LINK_CLICKS"},
    "AdAccount/targetingsentencelines": {"targeting_spec": US},
    "Page/insights": {"metric": ["page_follows"]},
    "AdAccount/assigned_users": {"business": "{business}"},
    "AdsPixel/assigned_users": {"business": "{business}"},
    "AdsPixel/shared_accounts": {"business": "{business}"},
    "AdAccount/insights": {"level": "ad", "date_preset": "last_7d"},
    **{f"AdAccount/{kind}bylabels": {"ad_label_ids": ["{label}"]} for kind in ("ads", "adsets", "campaigns")},
    "AdAccount/adcreativesbylabels": {"ad_label_ids": ["{label}"]},
    **{
        f"{kind}/assigned_users": {"business": "{business}"}
        for kind in ("AdAccount", "AdsPixel", "Page", "ProductCatalog")
    },
}
# Served edges that the steps below call in a way of their own.
OWN_STEPS = {"AdReportRun", "AdAsyncRequestSet", "AdLabel", "HighDemandPeriod"}
OWN_EDGES = {"check_batch_request_status", "rule_preview_samples", "ProductSet/da_checks", "opportunity_score_history"}


@pytest.fixture(scope="module")
def tour() -> Iterator[Tour]:
    made = writing()
    with SandboxServer(made.sandbox) as server:
        yield Tour(server, made)


def first_node(store: Any, node_type: str, edge: str) -> GraphNode:
    """Return a node of a type with something on an edge, where there is one."""
    nodes = [node for node in store.nodes.values() if node.type == node_type]
    return next((node for node in nodes if store.links.get((node.id, edge))), nodes[0])


def served(method: str) -> list[tuple[str, str]]:
    """Return the class and edge of everything that the sandbox serves with a method."""
    registry.load_handlers()
    return sorted(
        (node_type, edge)
        for node_type, known, edge in registry.HANDLERS
        if known == method and node_type not in {"Root", *OWN_STEPS}
    )


# -- reading ----------------------------------------------------------------------------------------------------------


def read_list(tour: Tour, node_type: str, edge: str) -> int:
    """Read a list whole and then in pages, without fields and then with all that the class of its rows has."""
    spec, store = tour.server.transport.graph.spec, tour.server.transport.world.store
    target = tour.object(node_type, first_node(store, node_type, edge).id)
    method = getattr(target, sdk_methods(node_type)["GET", edge])
    params = tour.writing.filled(REQUIRED.get(f"{node_type}/{edge}", {}))
    whole = list(method(params=params | {"limit": 500}))
    paged = list(method(params=params | {"limit": max(1, -(-len(whole) // 3))}))
    assert [row.export_all_data() for row in paged] == [row.export_all_data() for row in whole]
    description = spec.edge(node_type, "GET", edge)
    assert description is not None
    returns = description.returns
    known = [name for name in spec.fields(returns) if hasattr(sdk_class_of(returns), name)]
    for row in islice(method(params=params | {"limit": 2}, fields=known), SHOWN_ROWS) if known else ():
        assert set(row.export_all_data()) <= {*known, "id", "date_start", "date_stop"}
    return len(whole)


def sdk_class_of(name: str) -> Any:
    """Return the Field class of what an edge returns; an empty one where the SDK has none."""
    try:
        return sdk_class(name).Field
    except (ImportError, AttributeError):
        return object


def read_lists(tour: Tour) -> None:
    filled = 0
    account = AdAccount(tour.writing.names["account"], api=tour.api)
    tour.writing.names["label"] = account.create_ad_label(params={"name": "Tour"})["id"]
    for node_type, edge in served("GET"):
        if edge and not {edge, f"{node_type}/{edge}"} & OWN_EDGES:
            count = tour.step(f"GET {node_type}/{edge}", lambda: read_list(tour, node_type, edge))  # noqa: B023
            filled += bool(count)
    assert filled > 30


def read_nodes(tour: Tour) -> None:
    graph = tour.server.transport.graph
    seen = set()
    for node in list(graph.world.store.nodes.values()):
        if node.type in seen or ("GET", "") not in methods_or_none(node.type):
            continue
        seen.add(node.type)
        known = [name for name in graph.spec.fields(node.type) if hasattr(sdk_class_of(node.type), name)]

        def read(node: GraphNode = node, known: list[str] = known) -> None:
            assert tour.object(node.type, node.id).api_get()["id"] == node.id
            full = tour.object(node.type, node.id).api_get(fields=known)
            assert {"id", *full.export_all_data()} <= {"id", *known}
            assert len(full.export_all_data()) > 1

        tour.step(f"GET {node.type}", read)
    assert len(seen) > 15


def methods_or_none(node_type: str) -> Any:
    try:
        return sdk_methods(node_type)
    except (ImportError, AttributeError):
        return {}


def search(tour: Tour) -> None:
    for kind, params in {
        "adinterest": {"q": "coffee"},
        "adgeolocation": {"q": "berlin", "location_types": ["city"]},
        "adlocale": {"q": "german"},
        "adTargetingCategory": {"class": "behaviors"},
    }.items():
        sent = {"type": kind, **params}
        tour.step(f"search {kind}", lambda: assert_rows(TargetingSearch.search(params=sent, api=tour.api)))  # noqa: B023


def assert_rows(rows: Any) -> list[Any]:
    found = list(rows)
    assert found
    return found


def cursors(tour: Tour) -> None:
    account: Any = AdAccount(tour.writing.names["account"], api=tour.api)

    def total() -> None:
        ads = account.get_ads(params={"limit": 7, "summary": ["total_count"]})
        pages = 1
        while ads.load_next_page():
            pages += 1
        assert ads.total() > 100
        assert pages == -(-ads.total() // 7)

    def endpoint_of_class() -> None:
        assert_rows(Cursor(account, Campaign, fields=["name"], params={"limit": 3}, api=tour.api))

    tour.step("cursor of all ads with their total", total)
    tour.step("cursor by class", endpoint_of_class)
    tour.step("User('me').get_ad_accounts", lambda: assert_rows(User("me", api=tour.api).get_ad_accounts()))
    ids = [row["id"] for row in account.get_campaigns(params={"limit": 2})]
    tour.step("Campaign.get_by_ids", lambda: assert_rows(Campaign.get_by_ids(ids, api=tour.api)))


# -- insights ---------------------------------------------------------------------------------------------------------

FIGURES = ["spend", "impressions", "actions", "video_p25_watched_actions", "date_start"]


def insights(tour: Tour) -> None:
    for path in ("account", "shared", "shared_ad_set", "ad"):
        target, node_type, _ = tour.named(f"{{{path}}}")
        params = {"date_preset": "last_30d", "time_increment": 1}
        tour.step(f"insights of {node_type} async", lambda: report(target, params))  # noqa: B023
    account = AdAccount(tour.writing.names["account"], api=tour.api)
    for breakdowns in (["age", "gender"], ["region"], ["publisher_platform", "platform_position"], ["country"]):
        params = {"date_preset": "last_7d", "breakdowns": breakdowns, "level": "campaign"}
        tour.step(f"insights by {breakdowns} async", lambda: report(account, params))  # noqa: B023
        rows = tour.step(f"insights by {breakdowns}", lambda: assert_rows(account.get_insights(FIGURES, params)))  # noqa: B023
        assert all(set(breakdowns) <= set(row.export_all_data()) for row in rows)
    chosen = {"filtering": [{"field": "action_type", "operator": "IN", "value": ["link_click"]}], "level": "campaign"}
    rows = tour.step("insights of one action", lambda: assert_rows(account.get_insights(["actions"], chosen)))
    assert {action["action_type"] for row in rows for action in row.get("actions", ())} == {"link_click"}


def report(target: Any, params: dict[str, Any]) -> None:
    """Run a report as the SDK's users do: start it, look at it until it is complete, read its rows in pages."""
    started = target.get_insights_async(fields=FIGURES, params=params)
    run: Any = AdReportRun(started["report_run_id"], api=target.get_api())
    looks = 0
    while run.api_get()["async_percent_completion"] < 100:
        looks += 1
        assert looks < 20
    assert run["async_status"] == "Job Completed"
    rows = assert_rows(run.get_insights(params={"limit": 3}))
    assert [row.export_all_data() for row in rows] == [row.export_all_data() for row in run.get_result()]
    same = target.get_insights(fields=FIGURES, params=params | {"limit": 500})
    assert [row.export_all_data() for row in same] == [row.export_all_data() for row in rows]


# -- writing ----------------------------------------------------------------------------------------------------------


def creates(tour: Tour) -> None:
    for number, (path, params, _, expected) in enumerate([*CREATED, *ON_PAGES]):

        def create(path: str = path, params: Any = params, expected: Any = expected) -> None:
            made = tour.call(path, "POST", params)
            node = tour.server.transport.world.store.nodes[made["id"]]
            assert {name: node.get(name) for name in expected} == tour.writing.filled(expected)

        tour.step(f"POST {path} {number}", create)
    tour.step("POST {account}/adlabels", lambda: labels(tour))
    for kind in ("split", "ad_set", "ad"):
        tour.step(f"POST {{{kind}}}/copies", lambda: tour.call(f"{{{kind}}}/copies", "POST", {}))  # noqa: B023


def labels(tour: Tour) -> None:
    label = tour.call("{account}/adlabels", "POST", {"name": "Autumn"})
    tour.call("{split}/adlabels", "POST", {"adlabels": [{"id": label["id"]}]})
    assert [row["id"] for row in label.get_campaigns()] == [tour.writing.names["split"]]
    label.api_delete()


def updates(tour: Tour) -> None:
    """Each update starts from the world as it was, as they build on each other's objects."""
    store = tour.server.transport.world.store
    for number, (path, params, node, expected) in enumerate(UPDATED):
        nodes, links = dict(store.nodes), dict(store.links)

        def update(path: str = path, params: Any = params, node: str = node, expected: Any = expected) -> None:
            tour.call(path, "POST", params)
            found = store.nodes[tour.writing.filled(node)]
            assert {name: found.get(name) for name in expected} == expected

        tour.step(f"POST {path} {sorted(params)} {number}", update)
        store.nodes, store.links = nodes, links


def deletes(tour: Tour) -> None:
    store = tour.server.transport.world.store
    for path in ("{ad}", "{ad_set}", "{split}", "{rule}", "{conversion}", "{video}", "{creative}"):

        def delete(path: str = path) -> None:
            tour.call(path, "DELETE", {})
            node = store.nodes.get(tour.writing.filled(path))
            assert node is None or node.get("status") == "DELETED"

        tour.step(f"DELETE {path}", delete)


def people(tour: Tour) -> None:
    audience = CustomAudience(tour.writing.names["audience"], api=tour.api)
    emails = [f"person{number}@mail.example" for number in range(3)]

    def add() -> None:
        assert audience.add_users(CustomAudience.Schema.email_hash, emails).json()["num_received"] == 3

    def remove() -> None:
        assert audience.remove_users(CustomAudience.Schema.email_hash, emails).json()["num_received"] == 3

    tour.step("CustomAudience.add_users", add)
    tour.step("CustomAudience.remove_users", remove)
    tour.step("POST {audience}/users", lambda: tour.call("{audience}/users", "POST", {"payload": ROWS}))


def refusals(tour: Tour) -> None:
    """What Graph refuses arrives as the SDK's error, with its code and subcode."""
    account = AdAccount(tour.writing.names["account"], api=tour.api)
    wrong = AD_SET | {"targeting": US | {"facebook_positions": ["video_feeds"]}}
    for name, call, code in (
        ("unknown field", lambda: account.get_campaigns(fields=["opportunity_score"]), 100),
        ("retired placement", lambda: account.create_ad_set(params=tour.writing.filled(wrong)), 100),
        ("low budget", lambda: account.create_campaign(params=CAMPAIGN | {"daily_budget": 10}), 100),
        ("dma", lambda: account.get_insights(params={"breakdowns": ["dma"]}), 100),
        ("ad without a creative", lambda: account.create_ad(params={"name": AD["name"]}), 100),
    ):

        def refused(call: Callable[[], object] = call, code: int = code) -> None:
            with pytest.raises(FacebookRequestError) as caught:
                call()
            assert caught.value.api_error_code() == code

        tour.step(f"refused: {name}", refused)


def test_the_official_sdk_works_on_everything_that_is_served(tour: Tour, tmp_path: Path) -> None:
    read_lists(tour)
    read_nodes(tour)
    search(tour)
    cursors(tour)
    tour_catalogs(tour)
    insights(tour)
    creates(tour)
    updates(tour)
    people(tour)
    uploads(tour, tmp_path)
    batches(tour, tmp_path)
    refusals(tour)
    deletes(tour)
    wrong = {name: text for name, text in tour.results.items() if text}
    assert wrong.keys() == EXCEPTIONS.keys(), "\n".join(f"{name}: {text}" for name, text in wrong.items())
    assert len(wrong) <= (1 - MIN_CORRECT_SHARE) * len(tour.results)
    assert len(tour.results) > 150
