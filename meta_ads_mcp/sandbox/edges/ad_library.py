"""`GET /ads_archive`: the public Ad Library. Source: docs graph-api/reference/ads_archive (not in the SDK)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.refusal import Refusal, is_required
from meta_ads_mcp.sandbox.world.clients import Client, roster
from meta_ads_mcp.sandbox.world.library import ADS, LibraryAd

Json = Any
# Where all ads are in the API; elsewhere only political ones.
ALL_ADS = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GB GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())
NOT_CONFIRMED, NO_ACCESS = 10, 2332002


@serves("GET", "Root/ads_archive")
def ads_archive(ask: Ask) -> EdgeListing:
    """The ads that were shown in the countries. The owner of the token has confirmed identity; a Page cannot."""
    params = ask.params
    if ask.token.kind == "PAGE":
        text = "(#10) Application does not have permission for this action"
        raise Refusal(text, code=NOT_CONFIRMED, subcode=NO_ACCESS)
    if not params.get("ad_reached_countries"):
        raise is_required("ad_reached_countries")
    if not params.get("search_terms") and not params.get("search_page_ids"):
        raise is_required("search_terms")
    today = ask.graph.clock().date()
    rows = [_row(ask, number, ad, today) for number, ad in enumerate([*ADS, *_own_ads(ask)]) if _is_shown(ask, ad)]
    return EdgeListing([row for row in rows if _matches(ask, row)])


def _own_ads(ask: Ask) -> Iterator[LibraryAd]:
    """The ads that the accounts of the demo run in the EU."""
    world = ask.graph.world
    for number, client in enumerate(roster(len(world.account_ids))):
        if client.in_eu:
            store = world.store
            ads = store.children(f"act_{world.account_ids[number]}", "ads")
            running = [ad for ad in ads if ad.get("effective_status") == "ACTIVE"][:5]
            yield from (_own_ad(ask, client, number, ad.get("creative")["id"]) for ad in running)


def _own_ad(ask: Ask, client: Client, number: int, creative_id: str) -> LibraryAd:
    creative = ask.graph.find(creative_id)
    body, title = (str(creative.get(name) or "") if creative else "" for name in ("body", "title"))
    countries = tuple({country for country, _, _ in client.geo})
    return LibraryAd(client.name, -number, body, title, countries, 30, reach=12_000, languages=("de",))


def _is_shown(ask: Ask, ad: LibraryAd) -> bool:
    countries = set(ask.params["ad_reached_countries"]) & set(ad.countries)
    kind = ask.params.get("ad_type", "ALL")
    if kind not in ("ALL", "POLITICAL_AND_ISSUE_ADS"):
        return False
    return ad.political if kind != "ALL" else bool(countries & ALL_ADS) or (bool(countries) and ad.political)


def _row(ask: Ask, number: int, ad: LibraryAd, today: date) -> dict[str, Json]:
    start = today - timedelta(days=ad.since_days)
    stop = start + timedelta(days=ad.for_days) if ad.for_days is not None else None
    ad_id = str(880_000_000_000_000 + 7919 * number)
    page = (
        ask.graph.world.page_ids[-ad.page_number] if ad.page_number <= 0 else str(20_000_000_000_001 + ad.page_number)
    )
    in_eu = {"eu_total_reach": ad.reach, "target_ages": ["18", "65+"], "target_gender": "All"}
    political = {
        "bylines": f"Paid for by {ad.page}",
        "spend": {"lower_bound": "500", "upper_bound": "999"},
        "impressions": {"lower_bound": "40000", "upper_bound": "44999"},
        "currency": "USD",
    }
    row = {
        "id": ad_id,
        "page_id": page,
        "page_name": ad.page,
        "ad_creation_time": start.isoformat(),
        "ad_delivery_start_time": start.isoformat(),
        "ad_delivery_stop_time": stop and stop.isoformat(),
        "ad_creative_bodies": [ad.body],
        "ad_creative_link_titles": [ad.title],
        "languages": list(ad.languages),
        "publisher_platforms": ["facebook", "instagram"],
        "ad_snapshot_url": f"https://www.facebook.com/ads/archive/render_ad/?id={ad_id}&access_token={ask.call.token}",
        **(political if ad.political else in_eu),
    }
    return {name: value for name, value in row.items() if value is not None}


def _matches(ask: Ask, row: dict[str, Json]) -> bool:
    params, today = ask.params, ask.graph.clock().date().isoformat()
    text = " ".join([*row["ad_creative_bodies"], *row["ad_creative_link_titles"], row["page_name"]]).casefold()
    terms = str(params.get("search_terms") or "").casefold()
    words = [terms] if params.get("search_type") == "KEYWORD_EXACT_PHRASE" else terms.split()
    stop = row.get("ad_delivery_stop_time")
    status = "INACTIVE" if stop is not None and stop < today else "ACTIVE"
    pages, languages = params.get("search_page_ids"), params.get("languages")
    first, last = params.get("ad_delivery_date_min"), params.get("ad_delivery_date_max")
    return (
        all(word in text for word in words)
        and params.get("ad_active_status", "ACTIVE") in ("ALL", status)
        and (not pages or row["page_id"] in [str(page) for page in pages])
        and (not languages or bool(set(languages) & set(row["languages"])))
        and (first is None or stop is None or stop >= str(first)[:10])
        and (last is None or row["ad_delivery_start_time"] <= str(last)[:10])
    )
