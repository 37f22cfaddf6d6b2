"""Finding targeting options, and how many people a targeting spec reaches.

Options come from Graph's `search`, which belongs to no ad account (Meta docs, marketing-api/audiences/reference/
targeting-search). Estimates and descriptions are edges of the account, the ad set or the ad.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, Field, model_validator

from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.params import Local, Params, exactly_one
from meta_ads_mcp.core.partial import attempt, attempt_all, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Page, Result, Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.enums import Open, OptimizationGoal, Word
from meta_ads_mcp.core.values.ids import AccountId, AdId, AdSetId, ObjectId
from meta_ads_mcp.domain.key_check import only_keys
from meta_ads_mcp.domain.promoted_object import PromotedObject
from meta_ads_mcp.domain.targeting import TargetingSpec, names_people
from meta_ads_mcp.errors import AdsError, InvalidArguments

# A class of options has some hundred entries; Graph gives eight unless told otherwise.
_WHOLE_CLASS = 1000


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be blank")
    return value.strip()


Query = Annotated[str, AfterValidator(_not_blank), Field(min_length=1, max_length=200)]
Limit = Annotated[int, Field(ge=1, le=100)]


async def _search(call: Call, noun: str, kind: str, limit: int, **params: Any) -> Result:
    found = await call.graph.list("search", limit=limit, type=kind, **params)
    return _options(noun, found.rows, limit, more=found.has_more)


async def _search_class(call: Call, kind: str, query: str | None, limit: int) -> Result:
    """The options of a class. Graph cannot filter these, so the whole class is read and filtered here."""
    asked: dict[str, Any] = {"type": "adTargetingCategory", "class": kind}
    found = await call.graph.list("search", limit=_WHOLE_CLASS, **asked)
    if found.has_more:
        call.note(f"Only the first {len(found.rows)} options of this class were read.")
    return _options("option", [row for row in found.rows if query is None or _mentions(row, query)], limit)


def _options(noun: str, rows: list[Row], limit: int, *, more: bool = False) -> Result:
    """At most `limit` rows. The search has no cursor to go on with."""
    shown, more = rows[:limit], more or len(rows) > limit
    beyond = "; a larger limit or another word finds more" if more else ""
    return Result(f"{len(shown)} {plural(noun, len(shown))}{beyond}.", shown, Page(len(shown), more))


def _mentions(row: Row, query: str) -> bool:
    path = row.get("path")
    texts = [row.get("name"), row.get("description"), *(path if isinstance(path, list) else [])]
    text = " ".join(str(item) for item in texts if item).casefold()
    return all(word in text for word in query.casefold().split())


@tool("ads_search_interests", Effect.READ, get("search"), singular="interest", keywords="audience detailed targeting")
class SearchInterests(Params):
    """Search interests to target by a word: id, name, audience size bounds, path."""

    query: Query
    limit: Limit = 25
    locale: Annotated[str | None, Field(pattern=r"^[a-z]{2}_[A-Z]{2}$", description="such as de_DE")] = None

    async def run(self, call: Call) -> Result:
        return await _search(call, "interest", "adinterest", self.limit, q=self.query, locale=self.locale)


# The shortest id of an interest at Meta; a shorter row of digits is the name of a game, a year or a channel.
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
            return await self._validated(call)
        return await _search(
            call, "suggested interest", "adinterestsuggestion", self.limit, interest_list=self.interest_list
        )

    async def _validated(self, call: Call) -> Result:
        """Each of the interests with `valid`; Graph takes names and ids apart."""
        ids = [text for text in self.interest_list if _INTEREST_ID.fullmatch(text)]
        words = [text for text in self.interest_list if text not in ids]
        asked: dict[str, Any] = {"interest_list": words or None, "interest_fbid_list": ids or None}
        found = await call.graph.list("search", limit=len(self.interest_list), type="adinterestvalid", **asked)
        valid = sum(row.get("valid") is True for row in found.rows)
        return Result(f"{valid} of {len(self.interest_list)} can be targeted.", found.rows, Page(len(found.rows)))


@tool(
    "ads_search_behaviors",
    Effect.READ,
    get("search"),
    singular="behavior",
    keywords="behaviours travel device purchase",
)
class SearchBehaviors(Params):
    """List behaviours to target, with audience size bounds and path; query filters by words."""

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
# These are no classes of adTargetingCategory but searches of their own, which need a word (TargetingSearchTypes, SDK).
_OWN_SEARCH = {
    "work_employers": "adworkemployer",
    "work_positions": "adworkposition",
    "education_schools": "adeducationschool",
    "education_majors": "adeducationmajor",
}
_RETIRED = frozenset("ethnic_affinity net_worth home_type home_ownership home_value generation politics".split())


@tool(
    "ads_search_demographics",
    Effect.READ,
    get("search"),
    singular="option",
    keywords="job education income life events",
)
class SearchDemographics(Params):
    """List demographic options of a class with size bounds; query filters them.

    Employers, positions, schools and majors are searched by query.
    """

    demographic_class: DemographicClass
    query: Query | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50

    @model_validator(mode="after")
    def _word_where_needed(self) -> Self:
        if self.demographic_class in _OWN_SEARCH and self.query is None:
            raise ValueError(f"{self.demographic_class} is searched by a word: give query")
        return self

    async def run(self, call: Call) -> Result:
        own = _OWN_SEARCH.get(self.demographic_class)
        if own:
            return await _search(call, "option", own, self.limit, q=self.query)
        found = await attempt(_search_class(call, self.demographic_class, self.query, self.limit))
        if self.demographic_class in _RETIRED:
            call.note(f"Meta has retired {self.demographic_class} for targeting: expect no options.")
            # Whether Graph still answers for a retired class, with nothing, or refuses its name is up to Meta.
            found = _options("option", [], self.limit) if isinstance(found, InvalidArguments) else found
        if isinstance(found, AdsError):
            raise found
        return found


# Plurals of TargetingGeoLocation in the singular, as the search takes them.
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

    query: Query
    location_types: Annotated[list[LocationType] | None, Field(min_length=1)] = None
    country_code: Annotated[str | None, Field(pattern="^[A-Z]{2}$", description="such as DE")] = None
    region_id: ObjectId | None = None
    limit: Limit = 25

    async def run(self, call: Call) -> Result:
        return await _search(
            call,
            "location",
            "adgeolocation",
            self.limit,
            q=self.query,
            location_types=self.location_types,
            country_code=self.country_code,
            region_id=self.region_id,
        )


# An estimate changes nothing, so a goal that is newer than this server may be asked about.
Goal = Annotated[Word, Open("AdSet.OptimizationGoal", frozenset(get_args(OptimizationGoal)))]
PromotedKeys = Annotated[
    dict[str, Any],
    AfterValidator(
        only_keys("a promoted object", frozenset(PromotedObject.model_fields), "pixel_id and custom_event_type")
    ),
]


@tool(
    "ads_estimate_audience_size",
    Effect.READ,
    get("{account_id}/reachestimate", "{account_id}/delivery_estimate"),
    keywords="reach potential audience forecast",
)
class EstimateAudienceSize(Params):
    """Estimate how many people a targeting spec reaches: bounds of all, and of a month for an optimization goal.

    The spec needs a location or a custom audience. Meta rounds, and gives no bounds for small audiences.
    """

    account_id: AccountId
    targeting_spec: TargetingSpec
    optimization_goal: Annotated[Goal, Field(description="an ad set's, such as OFFSITE_CONVERSIONS")] = "REACH"
    promoted_object: PromotedKeys | None = None

    @model_validator(mode="after")
    def _about_somebody(self) -> Self:
        if not names_people(self.targeting_spec):
            raise ValueError(
                "targeting_spec names no location and no custom audience; add geo_locations, "
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
        return _estimated(call, dict(zip(_BOUNDS_OF, answers, strict=True)), self.optimization_goal)


# How the bounds of each endpoint begin (AdAccountReachEstimate and AdAccountDeliveryEstimate of the SDK). The first is
# the audience as a whole, the second counts a month's active accounts.
_BOUNDS_OF = {"reachestimate": "users", "delivery_estimate": "estimate_mau"}


def _estimated(call: Call, answers: dict[str, Row | AdsError], goal: str) -> Result:
    """One pair of bounds to go by, that of reachestimate where there is one, and what each endpoint said."""
    shown: dict[str, Row] = {}
    for endpoint, answer in answers.items():
        if isinstance(answer, AdsError):
            call.note(unread(endpoint, answer))
        else:
            shown[endpoint] = _unwrapped(answer)
    ready = all(estimate.get("estimate_ready", True) for estimate in shown.values())
    if not ready:
        call.note("Meta is still computing this estimate: ask again later for better figures.")
    found = [
        (endpoint, bounds) for endpoint, estimate in shown.items() if (bounds := _bounds(call, endpoint, estimate))
    ]
    said = {endpoint: {name: value for name, value in row.items() if value != -1} for endpoint, row in shown.items()}
    data: Row = {"estimate_ready": ready, "optimization_goal": goal, **said}
    if not found:
        return Result("Meta gives no size for this audience.", data)
    source, (lower, upper) = found[0]
    return Result(
        f"Between {lower:,} and {upper:,} accounts ({source}).",
        {"lower_bound": lower, "upper_bound": upper, "source": source, **data},
    )


def _bounds(call: Call, endpoint: str, estimate: Row) -> tuple[int, int] | None:
    """The endpoint's bounds. Graph writes -1 where it has none, which is no number of people."""
    lower, upper = (estimate.get(f"{_BOUNDS_OF[endpoint]}_{end}_bound") for end in ("lower", "upper"))
    if isinstance(lower, int) and isinstance(upper, int) and lower >= 0 and upper >= 0:
        return lower, upper
    call.note(f"{endpoint} has no bounds for this audience: not available, often because it is small.")
    return None


def _unwrapped(answer: Row) -> Row:
    """The estimate itself: Graph wraps it in `data`, as an object or as a list of one."""
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
    def _one_subject(self) -> Self:
        exactly_one(self, "ad_id", "ad_set_id", "account_id")
        if (self.account_id is None) != (self.targeting_spec is None):
            raise ValueError("account_id and targeting_spec go together")
        return self

    async def run(self, call: Call) -> Result:
        subject = self.ad_id or self.ad_set_id or self.account_id
        # The edges of ads and ad sets take no parameters.
        sent = {"targeting_spec", "hide_targeting_spec_from_return"} if self.account_id else set()
        spec = self.model_dump(include=sent)
        body = _unwrapped(await call.graph.get(f"{subject}/targetingsentencelines", **spec))
        lines = body.get("targetingsentencelines")
        shown: Row = {"lines": lines if isinstance(lines, list) else []}
        if not self.hide_targeting_spec_from_return:
            shown["targeting_spec"] = body.get("params")
        return Result(f"{len(shown['lines'])} lines describe the targeting of {subject}.", shown)
