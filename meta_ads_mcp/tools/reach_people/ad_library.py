"""Search Meta's public Ad Library. Its API is documented (docs: graph-api/reference/ads_archive) and not in the SDK."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, WithJsonSchema, model_validator

from meta_ads_mcp.core.listing import list_result
from meta_ads_mcp.core.params import Form, ListParams, Local, at_least_one
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.dates import Day, parse_day
from meta_ads_mcp.core.values.ids import ObjectId
from meta_ads_mcp.errors import PermissionMissing
from meta_ads_mcp.tools.campaigns import CountryCode

LibraryField = Literal[
    "id",
    "page_id",
    "page_name",
    "ad_creation_time",
    "ad_delivery_start_time",
    "ad_delivery_stop_time",
    "ad_creative_bodies",
    "ad_creative_link_titles",
    "ad_creative_link_captions",
    "ad_creative_link_descriptions",
    "languages",
    "publisher_platforms",
    "eu_total_reach",
    "target_ages",
    "target_gender",
    "target_locations",
    "age_country_gender_reach_breakdown",
    "beneficiary_payers",
    "bylines",
    "spend",
    "impressions",
    "currency",
]
# Left out unless named: a long table, and what the other fields say already.
_DEFAULT = [name for name in get_args(LibraryField) if name != "age_country_gender_reach_breakdown"]
# The server lists them in its error; their enum would double the schema of this tool.
AS_TEXTS = WithJsonSchema({"type": "array", "items": {"type": "string"}})
Platform = Literal["FACEBOOK", "INSTAGRAM", "AUDIENCE_NETWORK", "MESSENGER", "THREADS", "WHATSAPP"]
# Where the API has all ads: the European Union and the United Kingdom (Digital Services Act, and Meta's own choice).
ALL_ADS = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GB GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())
AD_PAGE = "https://www.facebook.com/ads/library/?id={}"
SETUP = "https://www.facebook.com/ads/library/api"


@tool(
    "ads_library_search",
    Effect.READ,
    get("ads_archive"),
    singular="ad",
    keywords="competitor competitors public ad library archive transparency rival brand political research spy",
    toolset="reach_people",
)
class SearchAdLibrary(ListParams):
    """Search Meta's public Ad Library for the ads of any advertiser, by words or Pages: all ads shown in the EU and the
    UK, elsewhere only those about politics and social issues.

    Each ad with its Page, days, texts, platforms, reach in the EU and public link. The owner of the token must have
    confirmed their identity with Meta.
    """

    countries: Annotated[
        list[CountryCode], Local(), Field(min_length=1, max_length=30, description="Where the ads were shown")
    ]
    search_terms: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    # Pages of anybody: Meta shows their ads to everybody, so no account allowlist applies.
    page_ids: Annotated[list[ObjectId] | None, Local(), Field(min_length=1, max_length=10)] = None
    exact_phrase: Annotated[bool, Local()] = False
    ad_type: Literal[
        "ALL", "POLITICAL_AND_ISSUE_ADS", "HOUSING_ADS", "EMPLOYMENT_ADS", "FINANCIAL_PRODUCTS_AND_SERVICES_ADS"
    ] = "ALL"
    ad_active_status: Literal["ACTIVE", "ALL", "INACTIVE"] = "ACTIVE"
    delivered_from: Annotated[Day | None, Local()] = None
    delivered_until: Annotated[Day | None, Local()] = None
    media_type: Literal["ALL", "IMAGE", "MEME", "VIDEO", "NONE"] | None = None
    publisher_platforms: Annotated[list[Platform] | None, Field(min_length=1)] = None
    languages: Annotated[
        list[Annotated[str, Form("a language code", "de"), Field(pattern="^[a-z]{2,3}$")]] | None,
        Field(min_length=1, max_length=20),
    ] = None
    fields: Annotated[list[LibraryField] | None, Local(), AS_TEXTS, Field(min_length=1, max_length=30)] = None

    @model_validator(mode="after")
    def _check_arguments(self) -> Self:
        if self.exact_phrase and self.search_terms is None:
            raise ValueError("exact_phrase goes with search_terms")
        if self.delivered_from and self.delivered_until and self.delivered_until < self.delivered_from:
            raise ValueError("delivered_until is before delivered_from")
        return at_least_one(self, "search_terms", "page_ids")

    async def run(self, call: Call) -> Result:
        with _explained():
            listing = await call.graph.list(
                "ads_archive",
                fields=list(dict.fromkeys(["id", *(self.fields or _DEFAULT)])),
                limit=self.limit,
                after=self.after,
                max_items=self.max_items,
                **self._params(),
            )
        call.note(_coverage(self.countries, is_empty=not listing.rows))
        today = call.now().date()
        result = list_result("ad", "ads_archive", listing, lambda row: _row(row, today))
        return replace(result, summary=result.summary.replace(" of ads_archive", " of the Ad Library"))

    def _params(self) -> Row:
        kind = "KEYWORD_EXACT_PHRASE" if self.exact_phrase else "KEYWORD_UNORDERED"
        values: Row = {
            "ad_reached_countries": self.countries,
            "search_terms": self.search_terms,
            "search_type": kind if self.search_terms else None,
            "search_page_ids": self.page_ids,
            "ad_type": self.ad_type,
            "ad_active_status": self.ad_active_status,
            "ad_delivery_date_min": self.delivered_from,
            "ad_delivery_date_max": self.delivered_until,
            "media_type": self.media_type,
            "publisher_platforms": self.publisher_platforms,
            "languages": self.languages,
        }
        return {name: value for name, value in values.items() if value is not None}


@contextmanager
def _explained() -> Iterator[None]:
    """Say what a token lacks that Meta does not let search: its owner's confirmed identity, which is no permission."""
    try:
        yield
    except PermissionMissing as missing:
        raise replace(
            missing,
            message="Meta does not let this token search the Ad Library, because its owner has not confirmed identity "
            "and place.",
            next_step=f"The person whose token it is opens {SETUP}, confirms both at facebook.com/ID and agrees to the "
            "terms. No permission of the token changes this. Until then, https://www.facebook.com/ads/library shows "
            "the same ads to everybody.",
        ) from None


def _coverage(countries: Sequence[str], *, is_empty: bool) -> str:
    """Return which kinds of ads the API has for the countries."""
    others = [country for country in dict.fromkeys(countries) if country not in ALL_ADS]
    if not others:
        return "The Ad Library has all kinds of ads that were shown in these countries."
    names = ", ".join(others)
    text = f"For {names} the API has only ads about social issues, elections and politics."
    missing = " Commercial ads there are not in the API, although facebook.com/ads/library shows them"
    return f"{text}{missing}; that is what an empty answer means." if is_empty else f"{text}{missing}."


def _row(ad: Row, today: date) -> Row:
    """Return the ad in short names, with its days and its public link. A snapshot link, which holds a token, is not."""
    first, last = _day(ad.get("ad_delivery_start_time")), _day(ad.get("ad_delivery_stop_time"))
    end = min(last, today) if last else today
    row = {
        "id": ad.get("id"),
        "page_name": ad.get("page_name"),
        "page_id": ad.get("page_id"),
        "first_day": first and first.isoformat(),
        "last_day": last and last.isoformat(),
        "days_running": (end - first).days + 1 if first and end >= first else None,
        "texts": _texts(ad.get("ad_creative_bodies")),
        "titles": _texts(ad.get("ad_creative_link_titles")),
        "captions": _texts(ad.get("ad_creative_link_captions")),
        "descriptions": _texts(ad.get("ad_creative_link_descriptions")),
        "platforms": ad.get("publisher_platforms"),
        "library_url": AD_PAGE.format(ad["id"]) if str(ad.get("id", "")).isdecimal() else None,
    }
    usual_fields = {
        "ad_creation_time",
        *(name for name in ad if name.startswith(("ad_", "page_"))),
        "publisher_platforms",
    }
    more = {name: ad[name] for name in get_args(LibraryField) if name in ad and name not in usual_fields}
    return {name: value for name, value in {**row, **more}.items() if value not in (None, "", [], {})}


def _day(value: Any) -> date | None:
    return parse_day(str(value)[:10]) if value else None


def _texts(value: Any) -> list[str]:
    """Return the different texts of an ad; cards of a carousel often repeat them."""
    return list(dict.fromkeys(str(text) for text in value)) if isinstance(value, list) else []
