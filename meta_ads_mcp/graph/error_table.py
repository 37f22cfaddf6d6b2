"""What each error code of Graph means: one row per code, or per code and subcode.

A row holds everything that this server does about a code: the error it raises, whether a read may be sent again, what
the caller should do, which circuit opens and which of Meta's counts is full. `classify.py` finds the row of an error;
the limits and `doctor` read it. Meta asks clients to branch on codes because texts may change. `TEXT_RULES` lists the
few cases in which only the text tells two meanings of one code apart.

Sources: Meta docs, graph-api/guides/error-handling, marketing-api/error-reference, marketing-api/insights/error-codes,
marketing-api/overview/rate-limiting. Rows marked "reported" come from public bug reports instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from meta_ads_mcp.core.graph_versions import GRAPH_VERSION
from meta_ads_mcp.errors import (
    AdsError,
    ApiError,
    Blocked,
    DataLimit,
    InvalidArguments,
    NotFound,
    PermissionMissing,
    Throttled,
    TokenProblem,
    Transient,
)

# The circuits that a code opens by itself; `limits/breaker.py` says whom each of them covers.
CircuitName = Literal["abuse_signal", "temporary_block", "insights_limit", "account_score"]
# Meta's counts that a code reports as full: the names of the quota rules in `limits/ledger.py`.
QuotaName = Literal["mutations", "ad_set_budget", "spend_limit"]

REDUCE_DATA = "reduce the amount of data"
ANY_CODE = range(-(10**18), 10**18)
_INTERNAL = range(-(10**18), 0)


@dataclass(frozen=True)
class ErrorRule:
    """What one error code, or one code and subcode, means.

    `code` is a code or a range of codes; `subcode` None matches any subcode. `retry` says whether a read may be sent
    again at once. `next_step` is what the caller should do; empty uses the default of the error class. `wait_s` is the
    time to stay away, in seconds, where neither the headers nor the text name one. `setup_fix` is a longer instruction
    for somebody who is setting up the server. `use_case` limits the row to calls of one of Meta's quotas.
    """

    code: int | range
    subcode: int | None
    error: type[AdsError]
    retry: bool = False
    next_step: str = ""
    wait_s: int = 60
    circuit: CircuitName | None = None
    quota: QuotaName | None = None
    setup_fix: str = ""
    use_case: str = ""

    def matches(self, code: int, subcode: int | None, use_case: str) -> bool:
        """Return whether this row describes the code and subcode of a call of that use case."""
        if self.subcode not in (None, subcode) or self.use_case not in ("", use_case.lower()):
            return False
        return code in self.code if isinstance(self.code, range) else code == self.code


@dataclass(frozen=True)
class TextRule:
    """A row that is found by a fragment of Meta's message, in lower case. `code` None matches any code.

    `without_subcode` leaves errors that have a subcode to the row of the subcode.
    """

    code: int | None
    text: str
    rule: ErrorRule
    without_subcode: bool = False

    def matches(self, code: int, subcode: int | None, message: str) -> bool:
        """Return whether this row describes an error with that lower-case message."""
        return self.code in (None, code) and self.text in message and not (self.without_subcode and subcode)


_WAIT = "Meta is limiting calls. Wait for `retry_after_seconds`; calling sooner makes the limit last longer."
_SPLIT = (
    "Split the date range, the ids or the fields, ask for unique metrics separately, or run an asynchronous report."
)
_SCOPES = "Give the token the missing permission (ads_read to read, ads_management to change), or its user the role."
_VIDEO = "Check the video file or its URL; Meta could not read it."
REPEAT_FAILS = "Correct what Meta names and call again; the same call will be refused again."
REPEAT_MAY_HELP = "Call again in a moment, as Meta asks. If it fails again, correct what Meta names."
_AUDIENCE_NOT_CREATED = (
    "Correct what Meta names. A lookalike of a list that Meta is still matching, or that has fewer than 100 matched "
    "people, works later: a new list is matched within 24 hours."
)
_AUDIENCE_TERMS = "Accept the Custom Audience terms in Ads Manager."
_SET_APP = "Set META_APP_SECRET to the secret of the app that issued the token, and restart the server."
_CORRECT_APP = "META_APP_SECRET is not the secret of the app that issued the token. Correct it and restart the server."
_APP = "Check META_APP_ID and META_APP_SECRET: they must be those of the app that issued the token."
_FIRST_PAGE = "Start the list again without `after`: Meta no longer accepts this cursor."
_BROKEN_CONNECTION = ("connection", "broken pipe", "timed out", "timeout", "reset by peer", "unreachable", "network")
_NO_EDGE = "Graph does not have this list for the object: check that the id is one of the kind that the tool names."
_DYNAMIC = (
    "A dynamic creative requires an ad set that was created with is_dynamic_creative=true; it cannot be set later. "
    "Create a new ad set with it, or use a creative with one text and one image."
)
_LOGIN = {
    458: "The app was removed from this user's account. Log in again: `meta-ads-mcp login`.",
    459: "Meta wants the user to log in at facebook.com first (checkpoint). Then log in again: `meta-ads-mcp login`.",
    460: "The user's password was changed, which ends the token. Log in again: `meta-ads-mcp login`.",
    463: "The token has expired. Get a new one and run `meta-ads-mcp login`.",
    464: "The user's account is not confirmed. Confirm it at facebook.com, then run `meta-ads-mcp login`.",
    467: "The token was revoked or is invalid. Get a new one and run `meta-ads-mcp login`.",
    492: "The user has lost the role on the Page that this token needs. Restore it, then run `meta-ads-mcp login`.",
}

# The first row that fits applies. Rows with a subcode come before those without.
RULES: tuple[ErrorRule, ...] = (
    ErrorRule(ANY_CODE, 1487742, Blocked, wait_s=1800, circuit="temporary_block"),
    *(
        ErrorRule(code, subcode, TokenProblem, next_step=step)
        for code in (102, 190)
        for subcode, step in _LOGIN.items()
    ),
    # A negative code is internal to Meta; only the subcode tells what happened.
    ErrorRule(_INTERNAL, 2490547, Transient, next_step="The report failed at Meta. Run it again later."),
    ErrorRule(_INTERNAL, 1504045, DataLimit, next_step=_SPLIT),
    ErrorRule(
        1,
        99,
        Transient,
        retry=True,
        next_step="Call again in a moment. If it fails again, check `level` and the fields: Graph may not know this "
        "combination.",
        use_case="ads_insights",
    ),
    ErrorRule(1, 99, Transient, retry=True),
    ErrorRule(1, 2853001, PermissionMissing, next_step="Link the profile to its Page in Business settings."),
    ErrorRule(2, 1504041, InvalidArguments, next_step="Use a combination of breakdowns that Meta allows."),
    ErrorRule(2, 1504042, InvalidArguments, next_step="Leave out the custom metric; Graph does not know it."),
    ErrorRule(2, 1504038, DataLimit, next_step=_SPLIT),
    ErrorRule(2, 1504043, Transient, retry=True),
    ErrorRule(2, 1504044, Transient, retry=True),
    ErrorRule(4, 1504022, Throttled, next_step=_WAIT, wait_s=120, circuit="insights_limit"),
    ErrorRule(4, 1504039, Throttled, next_step=_WAIT, wait_s=120, circuit="insights_limit"),
    ErrorRule(
        17,
        1885172,
        Throttled,
        next_step="An account's spend limit can change ten times a day. Wait until tomorrow.",
        wait_s=86_400,
        quota="spend_limit",
    ),
    ErrorRule(17, 2446079, Throttled, next_step=_WAIT, circuit="account_score"),
    ErrorRule(100, 33, NotFound),
    ErrorRule(100, 1487534, DataLimit, next_step=_SPLIT),
    ErrorRule(100, 1504018, DataLimit, next_step=_SPLIT),
    ErrorRule(100, 3191001, PermissionMissing, next_step=_SCOPES),
    ErrorRule(100, 1713230, PermissionMissing, next_step="Meta has flagged this audience; see it in Ads Manager."),
    ErrorRule(
        100, 1713232, PermissionMissing, next_step="Meta has flagged the source audience; see it in Ads Manager."
    ),
    ErrorRule(200, 1870034, PermissionMissing, next_step=_AUDIENCE_TERMS),
    ErrorRule(200, 1870090, PermissionMissing, next_step=_AUDIENCE_TERMS),
    ErrorRule(200, 1870047, InvalidArguments, next_step="The audience would become too small; keep more people in it."),
    ErrorRule(200, 1870050, PermissionMissing, next_step="Add the ad account to a business in Business settings."),
    ErrorRule(
        613,
        1996,
        Blocked,
        next_step="Meta saw an abrupt change of call volume. Make no call for an hour.",
        wait_s=3600,
        circuit="abuse_signal",
    ),
    ErrorRule(
        613,
        1487632,
        Throttled,
        next_step="A budget can change four times an hour. Wait an hour for this ad set.",
        wait_s=3600,
        quota="ad_set_budget",
    ),
    ErrorRule(
        613,
        1487225,
        Throttled,
        next_step="The number of new ads depends on daily spend. Create the rest later.",
        wait_s=3600,
    ),
    ErrorRule(
        613, 5044001, Throttled, next_step="Too many changes in one second. Wait a moment.", wait_s=5, quota="mutations"
    ),
    ErrorRule(2654, 1713092, PermissionMissing, next_step="This token may not create audiences in the account."),
    ErrorRule(_INTERNAL, None, Transient, retry=True),
    ErrorRule(1, None, Transient, retry=True),
    ErrorRule(2, None, Transient, retry=True),
    ErrorRule(
        3,
        None,
        PermissionMissing,
        next_step="The app lacks this capability. Some, such as bid_adjustments, Meta gives to allow-listed apps only: "
        "leave the argument out, or ask Meta for it.",
    ),
    ErrorRule(
        4,
        None,
        Throttled,
        next_step=_WAIT,
        setup_fix="The app has used up its hourly calls: wait an hour. Development access has few: ask for more.",
    ),
    ErrorRule(
        5,
        None,
        PermissionMissing,
        next_step="Add this machine's IP address to the server IP allowlist of the app (App Dashboard > Settings > "
        "Advanced).",
    ),
    ErrorRule(
        10,
        None,
        PermissionMissing,
        next_step=_SCOPES,
        setup_fix="The app lacks this permission: in the App Dashboard ask for Advanced Access to ads_read and "
        "ads_management, or use an app of the business that owns the accounts.",
    ),
    ErrorRule(
        17,
        None,
        Throttled,
        next_step=_WAIT,
        setup_fix="The ad account has used up its calls: wait for an hour, and close other tools that use the account.",
    ),
    ErrorRule(21, None, NotFound, next_step="Call again with the new id, which Meta names."),
    ErrorRule(32, None, Throttled, next_step=_WAIT),
    ErrorRule(100, None, InvalidArguments, next_step=REPEAT_FAILS),
    ErrorRule(102, None, TokenProblem),
    ErrorRule(101, None, TokenProblem, next_step=_APP),
    ErrorRule(104, None, TokenProblem, next_step=_CORRECT_APP),
    ErrorRule(105, None, InvalidArguments, next_step="Pass fewer arguments."),
    ErrorRule(
        190,
        None,
        TokenProblem,
        setup_fix="Generate a new token (Business settings > System users > Generate token) and run "
        "`meta-ads-mcp login`.",
    ),
    ErrorRule(194, None, InvalidArguments, next_step=REPEAT_FAILS),
    ErrorRule(
        200,
        None,
        PermissionMissing,
        next_step=_SCOPES,
        setup_fix="Assign the ad account to the System User (Business settings > System users > Assign assets) and "
        "generate the token again with ads_read.",
    ),
    ErrorRule(283, None, PermissionMissing, next_step="Give the token pages_read_engagement."),
    ErrorRule(294, None, PermissionMissing, next_step="Give the token ads_management."),
    ErrorRule(300, None, InvalidArguments, next_step=REPEAT_FAILS),
    ErrorRule(341, None, Throttled, next_step=_WAIT),
    ErrorRule(351, None, InvalidArguments, next_step=_VIDEO),
    ErrorRule(352, None, InvalidArguments, next_step=_VIDEO),
    ErrorRule(368, None, Blocked, wait_s=1800, circuit="temporary_block"),
    ErrorRule(382, None, InvalidArguments, next_step=_VIDEO),
    ErrorRule(389, None, InvalidArguments, next_step="Meta could not fetch the file from its URL. Make it public."),
    ErrorRule(506, None, InvalidArguments, next_step="The same post exists already. Change its content."),
    ErrorRule(613, None, Throttled, next_step=_WAIT),
    ErrorRule(960, None, Transient, retry=True),
    ErrorRule(801, None, InvalidArguments, next_step=REPEAT_FAILS),
    ErrorRule(803, None, NotFound),
    ErrorRule(2500, None, InvalidArguments, next_step="Check the names in `fields`."),
    ErrorRule(
        2606, None, InvalidArguments, next_step="Meta cannot preview this creative in that format. Choose another."
    ),
    ErrorRule(
        2635,
        None,
        InvalidArguments,
        next_step=f"Set META_API_VERSION to a version that Meta still serves, such as {GRAPH_VERSION}.",
    ),
    ErrorRule(2641, None, InvalidArguments, next_step="Leave out the restricted locations."),
    ErrorRule(2642, None, InvalidArguments, next_step=_FIRST_PAGE),
    ErrorRule(
        2650,
        None,
        InvalidArguments,
        next_step="Another upload into this audience may be running. Check the audience, then try again.",
    ),
    ErrorRule(2654, None, InvalidArguments, next_step=_AUDIENCE_NOT_CREATED),
    ErrorRule(2663, None, PermissionMissing, next_step=_AUDIENCE_TERMS),
    ErrorRule(2695, None, InvalidArguments, next_step="The campaign has as many ad sets as its iOS 14 limit allows."),
    ErrorRule(3018, None, InvalidArguments, next_step="Start the range within the last 37 months."),
    ErrorRule(6000, None, InvalidArguments, next_step=_VIDEO),
    ErrorRule(6001, None, InvalidArguments, next_step=_VIDEO),
    ErrorRule(range(80_000, 80_015), None, Throttled, next_step=_WAIT),
    ErrorRule(range(201, 300), None, PermissionMissing, next_step=_SCOPES),
    ErrorRule(range(1_487_000, 1_490_000), None, InvalidArguments, next_step=REPEAT_FAILS),
    ErrorRule(range(1_870_000, 1_890_000), None, InvalidArguments, next_step=REPEAT_FAILS),
)

TEXT_RULES: tuple[TextRule, ...] = (
    TextRule(
        None,
        "ids query parameter is deprecated",
        ErrorRule(ANY_CODE, None, InvalidArguments, next_step="Report a defect: this server must not use `ids`."),
    ),
    # Setup errors come with codes of other errors: 1, 100, 104, 190 and 200.
    TextRule(None, "require an appsecret_proof", ErrorRule(ANY_CODE, None, TokenProblem, next_step=_SET_APP)),
    TextRule(None, "appsecret_proof", ErrorRule(ANY_CODE, None, TokenProblem, next_step=_CORRECT_APP)),
    TextRule(None, "validating client secret", ErrorRule(ANY_CODE, None, TokenProblem, next_step=_CORRECT_APP)),
    TextRule(None, "validating application", ErrorRule(ANY_CODE, None, TokenProblem, next_step=_APP)),
    TextRule(None, "valid app id", ErrorRule(ANY_CODE, None, TokenProblem, next_step=_APP)),
    TextRule(None, "app secret proof", ErrorRule(ANY_CODE, None, TokenProblem, next_step=_CORRECT_APP)),
    TextRule(None, "did not match the viewing app", ErrorRule(ANY_CODE, None, TokenProblem, next_step=_APP)),
    # 104 is a wrong signature, a request without a token, or the number of a connection that broke inside Meta.
    TextRule(104, "signature", ErrorRule(104, None, TokenProblem, next_step=_CORRECT_APP)),
    TextRule(104, "access token", ErrorRule(104, None, TokenProblem)),
    *(TextRule(104, text, ErrorRule(104, None, Transient, retry=True)) for text in _BROKEN_CONNECTION),
    TextRule(100, "invalid cursor", ErrorRule(100, None, InvalidArguments, next_step=_FIRST_PAGE)),
    TextRule(100, "does not exist, cannot be loaded", ErrorRule(100, None, NotFound), without_subcode=True),
    TextRule(2500, "unknown path component", ErrorRule(2500, None, InvalidArguments, next_step=_NO_EDGE)),
    TextRule(2500, "access token", ErrorRule(2500, None, TokenProblem)),
    # Graph sends it with HTTP status 500, although nothing is out of order.
    TextRule(1, REDUCE_DATA, ErrorRule(1, None, DataLimit, next_step=_SPLIT)),
    TextRule(
        100,
        "after cursor",
        ErrorRule(100, None, DataLimit, next_step="Narrow the list with a filter; Graph pages only so deep."),
    ),
    # 100/33 names missing permissions too, as one of three possible causes.
    TextRule(
        100, "missing permission", ErrorRule(100, None, PermissionMissing, next_step=_SCOPES), without_subcode=True
    ),
)

# Instructions for subcodes that users report with creations and updates. Meta documents none of them, so the code does
# not matter; they replace the next step of a refusal, never its class.
REPORTED_STEPS: dict[int, str] = {
    1504040: "attribution_spec cannot be changed later: create a new ad set with it.",
    1815198: "frequency_control_specs cannot be changed later: create a new ad set with them.",
    1815715: "destination_type ON_AD does not go with this campaign's objective: choose another of them.",
    1885154: "The ad set promotes no Page: create a new one with promoted_object.page_id, which cannot be set later.",
    1885553: f"{_DYNAMIC} A carousel has 2 to 10 cards, each with a link and an image or a video.",
    1885998: _DYNAMIC,
    2490085: "The crop 191x100 is retired: leave it out of image_crops, or use 100x100.",
    3858504: "Leave standard_enhancements out: name the single features in creative_features_spec.",
}

# What an HTTP status means where no row fits the code.
TRANSIENT_STATUS = ErrorRule(0, None, Transient, retry=True)
REDIRECT = ErrorRule(
    0, None, ApiError, next_step="This server follows no redirect. Check that META_ADS_GRAPH_URL is right."
)
TOO_MANY_REQUESTS = ErrorRule(0, None, Throttled, next_step=_WAIT)
UNAUTHORIZED = ErrorRule(0, None, TokenProblem)
FORBIDDEN = ErrorRule(0, None, PermissionMissing, next_step=_SCOPES)
NO_SUCH_OBJECT = ErrorRule(0, None, NotFound)
OTHER_REFUSAL = ErrorRule(0, None, ApiError, next_step=REPEAT_FAILS)
