"""Search targeting options, estimate audiences, and describe targeting.

Options come from Graph's `search`, which does not belong to an ad account. Source: Meta docs
marketing-api/audiences/reference/targeting-search. Estimates and descriptions are edges of the account, the ad set or
the ad.
"""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, Field, model_validator

from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.params import Form, Local, Params, exactly_one
from meta_ads_mcp.core.partial import attempt, attempt_all, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Page, Result, Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.enums import Open, OptimizationGoal, Word
from meta_ads_mcp.core.values.ids import AccountId, AdId, AdSetId, ObjectId
from meta_ads_mcp.domain.key_check import allow_only
from meta_ads_mcp.domain.promoted_object import PromotedObject
from meta_ads_mcp.domain.targeting import TargetingSpec, has_audience
from meta_ads_mcp.errors import AdsError, InvalidArguments

# A class of options has a few hundred entries; Graph's default limit is eight.
_CLASS_LIMIT = 1000


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be blank")
    return value.strip()


Query = Annotated[str, AfterValidator(_not_blank), Field(min_length=1, max_length=200)]
Queries = Annotated[Query, Field(description="Several names separated by ; are searched each, up to limit rows")]
Limit = Annotated[int, Field(ge=1, le=100)]
MAX_SEARCHES = 10


async def _search(call: Call, noun: str, kind: str, limit: int, **params: Any) -> Result:
    listing = await call.graph.list("search", limit=limit, type=kind, **params)
    return _option_result(noun, listing.rows, limit, more=listing.has_more)


async def _search_names(call: Call, noun: str, kind: str, limit: int, query: str, **params: Any) -> Result:
    """Search each of several names that semicolons separate. The rows then say which name they are for."""
    names = [name for part in query.split(";") if (name := part.strip())][:MAX_SEARCHES]
    if len(names) < 2:
        return await _search(call, noun, kind, limit, q=query, **params)
    pages = await asyncio.gather(*(call.graph.list("search", limit=limit, type=kind, q=q, **params) for q in names))
    rows = [{"query": name, **row} for name, page in zip(names, pages, strict=True) for row in page.rows[:limit]]
    return _option_result(noun, rows, limit * len(names), more=any(page.has_more for page in pages))


async def _search_class(call: Call, kind: str, query: str | None, limit: int) -> Result:
    """Search the options of a class. Graph cannot filter them, so the whole class is read and filtered here."""
    params: dict[str, Any] = {"type": "adTargetingCategory", "class": kind}
    listing = await call.graph.list("search", limit=_CLASS_LIMIT, **params)
    if listing.has_more:
        call.note(f"Only the first {len(listing.rows)} options of this class were read.")
    return _option_result("option", [row for row in listing.rows if query is None or _mentions(row, query)], limit)


def _option_result(noun: str, rows: list[Row], limit: int, *, more: bool = False) -> Result:
    """Return at most `limit` rows. Graph's search has no cursor for the next page."""
    rows_shown, more = rows[:limit], more or len(rows) > limit
    beyond = "; use a larger limit or another word to see more" if more else ""
    return Result(
        f"{len(rows_shown):,} {plural(noun, len(rows_shown))}{beyond}.", rows_shown, Page(len(rows_shown), more)
    )


def _mentions(row: Row, query: str) -> bool:
    path = row.get("path")
    texts = [row.get("name"), row.get("description"), *(path if isinstance(path, list) else [])]
    text = " ".join(str(item) for item in texts if item).casefold()
    return all(word in text for word in query.casefold().split())


@tool("ads_search_interests", Effect.READ, get("search"), singular="interest", keywords="audience detailed targeting")
class SearchInterests(Params):
    """Search interests to target by a word: id, name, audience size bounds, path."""

    query: Queries
    limit: Limit = 25
    locale: Annotated[
        str | None, Form("a locale", "de_DE"), Field(pattern=r"^[a-z]{2}_[A-Z]{2}$", description="such as de_DE")
    ] = None

    async def run(self, call: Call) -> Result:
        return await _search_names(call, "interest", "adinterest", self.limit, self.query, locale=self.locale)


# Meta's interest ids have at least ten digits; shorter numbers are names, such as those of games, years or channels.
_INTEREST_ID = re.compile(r"[0-9]{10,30}")


@tool(
    "ads_get_interest_suggestions",
    Effect.READ,
    get("search"),
    singular="interest",
    keywords="related similar interests validate valid",
)
class GetInterestSuggestions(Params):
    """Suggest interests that go with others, by their names.

    With only_validate, say instead which of these names or ids can still be targeted.
    """

    interest_list: Annotated[list[Query], Field(min_length=1, max_length=50)]
    limit: Limit = 25
    only_validate: Annotated[bool, Local()] = False

    async def run(self, call: Call) -> Result:
        if self.only_validate:
            return await self._validate_interests(call)
        return await _search(
            call, "suggested interest", "adinterestsuggestion", self.limit, interest_list=self.interest_list
        )

    async def _validate_interests(self, call: Call) -> Result:
        """Return each interest with `valid`. Graph takes names and ids in separate parameters."""
        ids = [text for text in self.interest_list if _INTEREST_ID.fullmatch(text)]
        words = [text for text in self.interest_list if text not in ids]
        params: dict[str, Any] = {"interest_list": words or None, "interest_fbid_list": ids or None}
        listing = await call.graph.list("search", limit=len(self.interest_list), type="adinterestvalid", **params)
        valid = sum(row.get("valid") is True for row in listing.rows)
        return Result(f"{valid} of {len(self.interest_list)} can be targeted.", listing.rows, Page(len(listing.rows)))


@tool(
    "ads_search_behaviors",
    Effect.READ,
    get("search"),
    singular="behavior",
    keywords="behaviours travel device purchase",
)
class SearchBehaviors(Params):
    """List behaviors to target, with audience size bounds and path; query filters by words."""

    query: Query | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50

    async def run(self, call: Call) -> Result:
        return await _search_class(call, "behaviors", self.query, self.limit)


DemographicClass = Literal[
    "demographics",
    "work_employers",
    "work_positions",
    "education_schools",
    "education_majors",
    "family_statuses",
    "life_events",
    "industries",
    "income",
    "net_worth",
    "home_type",
    "home_ownership",
    "home_value",
    "ethnic_affinity",
    "generation",
    "politics",
]
# Not classes of adTargetingCategory but separate searches that require a word (SDK enum TargetingSearchTypes).
_SEARCH_TYPES = {
    "work_employers": "adworkemployer",
    "work_positions": "adworkposition",
    "education_schools": "adeducationschool",
    "education_majors": "adeducationmajor",
}
_RETIRED_CLASSES = frozenset(
    "ethnic_affinity net_worth home_type home_ownership home_value generation politics".split()
)


@tool(
    "ads_search_demographics",
    Effect.READ,
    get("search"),
    singular="option",
    keywords="job education income life events",
)
class SearchDemographics(Params):
    """List demographic options of a class with size bounds. Employers, positions, schools and majors are searched by
    query."""

    demographic_class: DemographicClass
    query: Query | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50

    @model_validator(mode="after")
    def _check_query(self) -> Self:
        if self.demographic_class in _SEARCH_TYPES and self.query is None:
            raise ValueError(f"{self.demographic_class} is searched by a word: give query")
        return self

    async def run(self, call: Call) -> Result:
        search_type = _SEARCH_TYPES.get(self.demographic_class)
        if search_type:
            return await _search(call, "option", search_type, self.limit, q=self.query)
        options = await attempt(_search_class(call, self.demographic_class, self.query, self.limit))
        if self.demographic_class in _RETIRED_CLASSES:
            call.note(f"Meta has retired {self.demographic_class} for targeting: expect no options.")
            # Graph may answer an empty list for a retired class, or refuse its name.
            options = _option_result("option", [], self.limit) if isinstance(options, InvalidArguments) else options
        if isinstance(options, AdsError):
            raise options
        return options


# The singular forms of the keys of TargetingGeoLocation, as Graph's search expects them.
LocationType = Literal[
    "country",
    "region",
    "city",
    "zip",
    "geo_market",
    "electoral_district",
    "neighborhood",
    "country_group",
    "subcity",
    "subneighborhood",
    "metro_area",
    "small_geo_area",
    "medium_geo_area",
    "large_geo_area",
]


@tool(
    "ads_search_geo_locations",
    Effect.READ,
    get("search"),
    singular="location",
    keywords="country city region zip place",
)
class SearchGeoLocations(Params):
    """Search places to target: the key for geo_locations, type, country, region. Without location_types, all kinds."""

    query: Queries
    location_types: Annotated[list[LocationType] | None, Field(min_length=1)] = None
    country_code: Annotated[
        str | None, Form("a country code", "DE"), Field(pattern="^[A-Z]{2}$", description="such as DE")
    ] = None
    region_id: ObjectId | None = None
    limit: Limit = 25

    async def run(self, call: Call) -> Result:
        filters = self.model_dump(include={"location_types", "country_code", "region_id"})
        return await _search_names(call, "location", "adgeolocation", self.limit, self.query, **filters)


# Unknown goals are accepted, because an estimate changes nothing.
Goal = Annotated[Word, Open("AdSet.OptimizationGoal", frozenset(get_args(OptimizationGoal)))]
PromotedKeys = Annotated[
    dict[str, Any],
    AfterValidator(
        allow_only("a promoted object", frozenset(PromotedObject.model_fields), "pixel_id and custom_event_type")
    ),
]


@tool(
    "ads_estimate_audience_size",
    Effect.READ,
    get("{account_id}/reachestimate", "{account_id}/delivery_estimate"),
    keywords="reach potential audience forecast",
)
class EstimateAudienceSize(Params):
    """Estimate how many people a targeting spec reaches, in all and per month for an optimization goal.

    The spec needs a location or a custom audience. Meta gives no bounds for small audiences.
    """

    account_id: AccountId
    targeting_spec: TargetingSpec
    optimization_goal: Annotated[Goal, Field(description="an ad set's, such as OFFSITE_CONVERSIONS")] = "REACH"
    promoted_object: PromotedKeys | None = None

    @model_validator(mode="after")
    def _check_audience(self) -> Self:
        if not has_audience(self.targeting_spec):
            raise ValueError(
                "targeting_spec has no location and no custom audience; add geo_locations, "
                'for instance {"countries": ["DE"]}, or custom_audiences'
            )
        return self

    async def run(self, call: Call) -> Result:
        spec: dict[str, Any] = {"targeting_spec": self.targeting_spec}
        goal = self.model_dump(include={"optimization_goal", "promoted_object"}, exclude_none=True)
        answers = await attempt_all(
            call.graph.get(f"{self.account_id}/reachestimate", **spec),
            call.graph.get(f"{self.account_id}/delivery_estimate", **spec, **goal),
        )
        return _estimate_result(call, dict(zip(_BOUNDS_PREFIX, answers, strict=True)), self.optimization_goal)


# Meta gives these bounds for every smaller audience (Meta docs, marketing-api/reference/ad-account/reachestimate).
MIN_ESTIMATE = 1000
# Endpoint → prefix of its bounds (SDK classes AdAccountReachEstimate and AdAccountDeliveryEstimate). The first is the
# whole audience, the second counts the accounts that are active in a month.
_BOUNDS_PREFIX = {"reachestimate": "users", "delivery_estimate": "estimate_mau"}


def _estimate_result(call: Call, answers: dict[str, Row | AdsError], goal: str) -> Result:
    """Return one pair of bounds, preferring reachestimate, and the answer of each endpoint."""
    estimates: dict[str, Row] = {}
    for endpoint, answer in answers.items():
        if isinstance(answer, AdsError):
            call.note(unread(endpoint, answer))
        else:
            estimates[endpoint] = _unwrap(answer)
    ready = all(estimate.get("estimate_ready", True) for estimate in estimates.values())
    if not ready:
        call.note("Meta is still computing this estimate: call again later for better figures.")
    all_bounds = [
        (endpoint, bounds)
        for endpoint, estimate in estimates.items()
        if (bounds := _read_bounds(call, endpoint, estimate))
    ]
    answers_by_endpoint = {
        endpoint: {name: value for name, value in row.items() if value != -1} for endpoint, row in estimates.items()
    }
    data: Row = {"estimate_ready": ready, "optimization_goal": goal, **answers_by_endpoint}
    if not all_bounds:
        return Result("Meta gives no size for this audience.", data)
    source, (lower, upper) = all_bounds[0]
    size = f"Fewer than {upper:,}" if lower == upper == MIN_ESTIMATE else f"Between {lower:,} and {upper:,}"
    return Result(
        f"{size} accounts ({source}).", {"lower_bound": lower, "upper_bound": upper, "source": source, **data}
    )


def _read_bounds(call: Call, endpoint: str, estimate: Row) -> tuple[int, int] | None:
    """Return the endpoint's bounds, or None. Graph answers -1 where it has no bounds."""
    lower, upper = (estimate.get(f"{_BOUNDS_PREFIX[endpoint]}_{end}_bound") for end in ("lower", "upper"))
    if isinstance(lower, int) and isinstance(upper, int) and lower >= 0 and upper >= 0:
        return lower, upper
    call.note(f"{endpoint} has no bounds for this audience: not available, often because it is small.")
    return None


def _unwrap(answer: Row) -> Row:
    """Return the object that Graph wraps in `data`, either directly or in a list."""
    inner = answer.get("data", answer)
    if isinstance(inner, list):
        inner = inner[0] if inner else {}
    return dict(inner) if isinstance(inner, dict) else {}


@tool(
    "ads_get_targeting_description",
    Effect.READ,
    get("{ad_id}/targetingsentencelines", "{ad_set_id}/targetingsentencelines", "{account_id}/targetingsentencelines"),
    keywords="explain targeting in words",
)
class GetTargetingDescription(Params):
    """Describe targeting in Meta's own words: that of an ad, of an ad set, or of a spec in an account."""

    ad_id: AdId | None = None
    ad_set_id: AdSetId | None = None
    account_id: Annotated[AccountId | None, Field(description="with targeting_spec")] = None
    targeting_spec: TargetingSpec | None = None
    hide_targeting_spec_from_return: Annotated[bool, Local()] = True

    @model_validator(mode="after")
    def _check_subject(self) -> Self:
        exactly_one(self, "ad_id", "ad_set_id", "account_id")
        if (self.account_id is None) != (self.targeting_spec is None):
            raise ValueError("account_id and targeting_spec go together")
        return self

    async def run(self, call: Call) -> Result:
        subject = self.ad_id or self.ad_set_id or self.account_id
        # The edges of ads and ad sets take no parameters.
        names = {"targeting_spec", "hide_targeting_spec_from_return"} if self.account_id else set()
        spec = self.model_dump(include=names)
        body = _unwrap(await call.graph.get(f"{subject}/targetingsentencelines", **spec))
        lines = body.get("targetingsentencelines")
        description: Row = {"lines": lines if isinstance(lines, list) else []}
        if not self.hide_targeting_spec_from_return:
            description["targeting_spec"] = body.get("params")
        return Result(f"{len(description['lines'])} lines describe the targeting of {subject}.", description)
