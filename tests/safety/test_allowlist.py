"""Nothing of an account outside META_ADS_ACCOUNTS is named in a request, and each check behind that is required."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from meta_ads_mcp.core.nodes import kind_of_key
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.engine import authority, request_ids
from meta_ads_mcp.engine.accounts import AccountBook
from meta_ads_mcp.engine.authority import AuthorizedGraph
from meta_ads_mcp.engine.catalog_access import CatalogAccess
from meta_ads_mcp.engine.request_ids import NamedId
from tests.safety import allowlist
from tests.support.elicitors import Person
from tests.support.every_tool import TOOLS
from tests.support.property_runner import run_property

EXAMPLES = 300
# What a look-up of an owner asks for.
OWNER_FIELDS = ("id,account_id", "id,page_id", "id,owner", "id,media", "id,ad_object_id", "id,can_remove")
# A hole shows within these.
MAX_EXAMPLES = 1500


def test_no_request_names_an_object_of_a_foreign_account() -> None:
    run_property(allowlist.check, EXAMPLES)


async def test_no_owner_is_looked_up_twice() -> None:
    """Every tool asks Graph for the owner of an object once at most, within a call and in the next one."""
    bench = allowlist.bench()
    for tool in TOOLS:
        _, given = await bench.ready(tool)
        made = bench.again(accounts=allowlist.accounts(1))
        for _ in range(1 if tool.effect is Effect.CREATE else 2):
            await made.call(tool.name, given, Person(True))
        asked = [entry.path for entry in made.sandbox.log if entry.params.get("fields") in OWNER_FIELDS]
        known = [path for path in asked if made.engine.book.known_owner(path) is not None]
        assert len(set(known)) == len(known), tool.name


def forget(*keys: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Take what these keys hold for no ids."""
    return lambda patch: patch.setattr(request_ids, "NOT_IDS", request_ids.NOT_IDS | set(keys))


def do_not_authorize(patch: pytest.MonkeyPatch) -> None:
    async def authorize(self: AuthorizedGraph, request: Any) -> None:
        return None

    patch.setattr(AuthorizedGraph, "authorize", authorize)


def ignore_texts_with_ids(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(request_ids, "_parse", lambda text: None)
    patch.setattr(request_ids, "_WORD", re.compile(r"\A(?:act_)?[0-9]+(?:_[0-9]+)*\Z"))


def ignore_paths(patch: pytest.MonkeyPatch) -> None:
    def search(request: Any, path_kind: str = "any") -> list[NamedId]:
        return list(request_ids._ids_in(request.params, request_ids._ValuePlace()))

    patch.setattr(authority, "ids_of_request", search)


def know_only_some_keys(patch: pytest.MonkeyPatch) -> None:
    """Take for an id only what a known key holds, as a list of names would."""

    def search(text: str, place: Any) -> Iterator[NamedId]:
        return real(text, place) if kind_of_key(place.key) else iter(())

    real = request_ids._ids_of_text
    patch.setattr(request_ids, "_ids_of_text", search)


def allow_every_catalog(patch: pytest.MonkeyPatch) -> None:
    async def require(self: CatalogAccess, object_id: str, kind: Any) -> None:
        return None

    patch.setattr(CatalogAccess, "require", require)


def allow_every(*kinds: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Take objects of these kinds for those of the first allowed account."""

    def patch_owner(patch: pytest.MonkeyPatch) -> None:
        async def owner_by_kind(self: AccountBook, object_id: str, kind: Any, page: str | None) -> str | None:
            is_open = kind is not None and kind.name in kinds
            return self.allowed[0] if is_open else await real(self, object_id, kind, page)

        real = AccountBook._owner_by_kind
        patch.setattr(AccountBook, "_owner_by_kind", owner_by_kind)

    return patch_owner


def ignore_the_business(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(AccountBook, "is_limited", property(lambda self: bool(self.listed)))


# Hole → the patch that makes it, and the tools through which it shows.
HOLES: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], str]] = {
    "page_id is no id": (forget("page_id"), "ads_estimate_audience_size"),
    "custom_audiences are no ids": (forget("custom_audiences"), "ads_create_ad_set ads_update_ad_set"),
    "values of filters are no ids": (forget("campaign_id", "adset_id", "ad_id"), "ads_get_insights"),
    "requests are not authorized": (do_not_authorize, "ads_undo_change"),
    "a text is one id at most": (ignore_texts_with_ids, "ads_estimate_audience_size"),
    "paths are not searched": (ignore_paths, "ads_undo_change"),
    "only known keys hold ids": (know_only_some_keys, "ads_create_ad"),
    "a business is only a default": (ignore_the_business, "ads_get_campaign_details ads_update_campaign"),
    "catalogs of every business": (allow_every_catalog, "ads_catalog_list_products ads_catalog_get_diagnostics"),
    "product sets of every business": (allow_every_catalog, "ads_catalog_list_product_sets"),
    "feeds of every business": (allow_every_catalog, "ads_catalog_create_feed_upload_session"),
    "product_set_id is no id": (forget("product_set_id"), "ads_estimate_audience_size"),
    "datasets of every account": (allow_every("AdsPixel"), "ads_send_conversion_events"),
    "lead forms of every Page": (allow_every("LeadgenForm"), "ads_update_lead_form"),
}


@pytest.mark.parametrize(("hole", "tools"), HOLES.values(), ids=HOLES)
def test_a_hole_is_noticed(
    hole: Callable[[pytest.MonkeyPatch], None], tools: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hole(monkeypatch)
    check = partial(allowlist.check, tools=[tool for tool in TOOLS if tool.name in tools.split()])
    with pytest.raises(allowlist.ForeignRequest):
        run_property(check, MAX_EXAMPLES, explain=False)
