"""Articles of the bundled guide: long-standing facts of Meta ads, about two sentences each, written for this project.

Links go to Meta's developer documentation, or to a search in Meta's Business Help Center if no developer page covers
the subject, because ids of help articles change. `id` is local to this project; `reviewed` is the month of the last
review.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote_plus

REVIEWED = "2026-11"
_DOCUMENTATION = "https://developers.facebook.com/documentation/ads-commerce/marketing-api"
_GRAPH = "https://developers.facebook.com/docs"


@dataclass(frozen=True)
class Article:
    """An article of the guide. `url` is Meta's page on the subject, or a search for it."""

    id: str
    title: str
    tags: tuple[str, ...]
    summary: str
    url: str
    reviewed: str = REVIEWED


def search_page(words: str) -> str:
    """Return the address of a search in Meta's Business Help Center."""
    return f"https://www.facebook.com/business/help/search?query={quote_plus(words)}"


def _article(title: str, tags: str, summary: str, *, page: str = "", search: str = "") -> Article:
    """Build an article that links to `page`, or else to a search for `search` (default: the title).

    `page` is a path in Meta's documentation of the Marketing API; a path that starts with `docs/` is outside it.
    """
    name = "-".join(title.lower().replace(",", "").replace("+", "-plus").replace("/", "-").split())
    if page:
        url = f"{_GRAPH}/{page.removeprefix('docs/')}" if page.startswith("docs/") else f"{_DOCUMENTATION}/{page}"
    else:
        url = search_page(search or title)
    return Article(name, title, tuple(tags.split(", ")), " ".join(summary.split()), url)


ARTICLES = (
    _article(
        "Daily and lifetime budgets",
        "budget, daily, lifetime, spend, overspend",
        """A daily budget is an average: Meta may spend up to 75% more on a good day and evens it out over the week,
        while a lifetime budget is never exceeded and needs an end time. A budget sits on the campaign or on its ad
        sets, never on both, and an ad set's budget can be changed only a few times an hour.""",
        search="daily and lifetime budgets",
    ),
    _article(
        "Campaign budget or ad set budgets",
        "budget, advantage campaign budget, cbo, abo, sharing",
        """With a campaign budget (Advantage campaign budget) Meta moves money to the ad sets that do best; with ad
        set budgets each one spends its own. Take ad set budgets where every audience must get its share, for instance
        in a test.""",
        search="Advantage campaign budget",
    ),
    _article(
        "Budget schedules for peaks",
        "budget, schedule, peak, sale, black friday",
        """A budget schedule raises a budget for set hours or days by an amount or a factor, and lets it fall back by
        itself afterwards. It adds to the budget and does not replace it.""",
        search="budget scheduling",
    ),
    _article(
        "Spend caps of accounts and campaigns",
        "spend cap, limit, account spending limit, budget",
        """An account's spending limit stops all its ads when it is reached, over the account's lifetime or since the
        last reset; a campaign's spend cap stops that campaign. A cap of 0 means that there is none.""",
        page="reference/ad-account",
    ),
    _article(
        "Currencies and minor units",
        "currency, money, cents, minor unit, offset",
        """Budgets, bids and caps are whole numbers in the currency's smallest unit, except that Meta counts eleven
        currencies (among them JPY, KRW, HUF, TWD and CLP) in whole units. Figures of reports are decimals in the
        currency itself.""",
        page="currencies",
    ),
    _article(
        "Bid strategies",
        "bid, strategy, lowest cost, cost cap, bid cap, roas, highest volume",
        """Highest volume (LOWEST_COST_WITHOUT_CAP) spends the budget for the most results; a cost per result goal
        (COST_CAP) aims at an average cost, a bid cap limits each auction's bid, and minimum ROAS asks for a return.
        Caps hold costs down at the price of spending less, so set them from costs that the account has really
        reached.""",
        search="about bid strategies",
    ),
    _article(
        "The ad auction",
        "auction, bid, estimated action rate, quality, delivery",
        """Each impression goes to the ad with the greatest total value: bid, estimated chance of the wanted action,
        and quality as people perceive it. A relevant ad can win with a lower bid, which is why better creatives lower
        costs.""",
        search="about ad auctions",
    ),
    _article(
        "The learning phase",
        "learning phase, learning limited, delivery, edits, optimization",
        """A new or substantially edited ad set learns until it has had about 50 of its optimization events in a week;
        results vary more and cost more until then. Changes of targeting, creative, optimization event or bid, long
        pauses and big budget steps start it again, so collect edits and merge small ad sets.""",
        search="learning phase",
    ),
    _article(
        "Learning limited",
        "learning limited, delivery, consolidate, optimization event",
        """An ad set is learning limited when it is unlikely to reach about 50 optimization events a week. Merge ad
        sets, widen the audience, raise the budget, or optimize for an event that happens more often.""",
        search="learning limited",
    ),
    _article(
        "Objectives",
        "objective, odax, campaign, outcome, goal",
        """New campaigns have one of six objectives: awareness, traffic, engagement, leads, app promotion and sales.
        The objective decides which optimization goals and destinations an ad set can have, and cannot be changed
        later.""",
        page="reference/ad-account/campaigns",
    ),
    _article(
        "Optimization goals and billing events",
        "optimization goal, billing event, impressions, conversions, thruplay",
        """The optimization goal says which people the ads are shown to (those likely to buy, click, watch), the
        billing event what is charged for, mostly impressions. Optimize for the event that you want, as long as it
        happens often enough to learn from.""",
        search="optimization for ad delivery",
    ),
    _article(
        "Attribution settings and windows",
        "attribution, window, 7d click, 1d view, conversions, reporting",
        """An ad set's attribution setting, such as 7 days after a click and 1 day after a view, decides which
        conversions count for it and what delivery learns from. Reports with other windows, or other tools, give other
        numbers.""",
        page="reference/ad-account/insights",
    ),
    _article(
        "Reading insights well",
        "insights, report, reach, frequency, roas, metrics, best practices",
        """Ask for the fields, level and days you need, and go asynchronous for long ranges with breakdowns. Reach and
        frequency count people, so they cannot be added over days, ad sets or breakdowns.""",
        page="insights/best-practices",
    ),
    _article(
        "Breakdowns",
        "breakdown, age, gender, placement, country, device",
        """Breakdowns split figures by age, gender, country, placement, device and more; only certain combinations are
        allowed. Conversions off Meta's apps are not available in every breakdown, so parts need not add up to the
        total.""",
        page="insights/breakdowns",
    ),
    _article(
        "Insights errors and limits",
        "insights, error, limit, 37 months, data limit, timeout, async report",
        """Insights reach 37 months back, and a query over too much data is refused or times out. Ask for fewer days,
        fields or breakdowns, filter to objects with impressions, or run an asynchronous report.""",
        page="insights/error-codes",
    ),
    _article(
        "Why numbers differ from Ads Manager",
        "discrepancy, reporting, time zone, attribution, delay, estimated",
        """Days are those of the ad account's time zone, recent conversions still arrive for some days, and some
        figures are estimated or modeled. Compare the same days, level, attribution setting and action type before
        calling it an error.""",
        search="why results differ ads manager analytics",
    ),
    _article(
        "Special ad categories",
        "special ad category, housing, employment, financial, credit, politics, compliance",
        """Ads on housing, employment, financial products, online gambling, or social issues, elections and politics
        must declare their category on the campaign, with the countries concerned. For the first three, targeting by
        age, gender, postcode and many details is not available in a number of countries.""",
        page="audiences/special-ad-category",
    ),
    _article(
        "Transparency of ads in the European Union (DSA)",
        "dsa, eu, beneficiary, payor, transparency, compliance",
        """Ad sets that reach people in the European Union must name who benefits from the ad and who pays for it
        (dsa_beneficiary, dsa_payor). An account can hold defaults for both; without them the ad set is refused.""",
        search="Digital Services Act beneficiary payer",
    ),
    _article(
        "Ad review and rejected ads",
        "ad review, rejected, disapproved, policy, appeal, pending",
        """Every new or edited ad is reviewed, most within a day; a rejected ad names the policy in its review
        feedback. Correct the text, media or landing page and save, which starts a new review, or ask for another
        review in Account Quality.""",
        search="ad review rejected",
    ),
    _article(
        "Delivery errors and ads with issues",
        "delivery error, with issues, not delivering, error, issues_info",
        """An object with issues lists them in issues_info, with a code and a summary; a hard error stops delivery.
        Frequent causes are a lost Page permission, a deleted pixel or audience, a payment that failed, and an end
        date that has passed.""",
        page="error-reference",
    ),
    _article(
        "Effective status of campaigns, ad sets and ads",
        "status, effective status, paused, archived, deleted, active",
        """The status is what you set, the effective status is what results from it: an active ad in a paused campaign
        is CAMPAIGN_PAUSED. Archived objects are read by naming the status and can only be deleted; deleted ones are
        gone for good.""",
        page="best-practices/manage-your-ad-object-status",
    ),
    _article(
        "Account status and disabled accounts",
        "account status, disabled, unsettled, payment, restricted, closed",
        """Ads run only while the account is active, or while a payment is being settled or in its grace period. A
        disabled account shows a reason; payments are settled under billing, and restrictions are appealed in Account
        Quality.""",
        page="reference/ad-account",
    ),
    _article(
        "Limits on campaigns, ad sets and ads",
        "limit, number of ads, archive, account limits",
        """A regular account holds 6,000 campaigns, ad sets and ads each that are neither archived nor deleted.
        Archive or delete finished objects to make room.""",
        page="reference/ad-account#limits",
    ),
    _article(
        "Rate limits",
        "rate limit, throttled, too many calls, code 17, code 80004, development access, tier",
        """Graph counts calls, time and computing for each app, account and kind of use over an hour, and development
        access has far less than standard access. Wait for the time that the answer names; calling on while throttled
        prolongs it.""",
        page="overview/rate-limiting",
    ),
    _article(
        "Access tokens",
        "token, access token, system user, expired, login, session",
        """A user's token lasts an hour or two, an exchanged one about 60 days; a system user's token can be valid
        indefinitely and suits a server best. A token ends early when its user changes the password or loses the
        role.""",
        page="docs/business-management-apis/system-users/install-apps-and-generate-tokens",
    ),
    _article(
        "Permissions and scopes",
        "permission, scope, ads_read, ads_management, business_management, role, task",
        """Reading requires ads_read, changes require ads_management, business assets require business_management, and
        Pages, leads and Instagram have their own permissions. The token's user also needs a role on the account or Page
        itself.""",
        search="ad account permissions roles",
    ),
    _article(
        "Meta pixel",
        "pixel, dataset, tracking, events, website",
        """The pixel, now part of a dataset, reports what visitors do on a website: page views, carts, leads,
        purchases. An event must be sent with its value and currency for return on ad spend to be measured.""",
        search="set up meta pixel events",
    ),
    _article(
        "Conversions API",
        "conversions api, capi, server events, deduplication, event_id, tracking",
        """The Conversions API sends events from a server, which browsers cannot block. Send the same event_id from
        pixel and server so that an event counts once, and events within 7 days.""",
        page="conversions-api/using-the-api",
    ),
    _article(
        "Event match quality",
        "event match quality, dataset quality, emq, matching, customer data",
        """Event match quality, up to 10, shows how well events can be matched to people. Hashed email, phone, click id
        and address raise it, and better matching means more conversions attributed and better delivery.""",
        page="docs/marketing-api/conversions-api/dataset-quality-api",
    ),
    _article(
        "Custom audiences",
        "custom audience, customer list, retargeting, website visitors, engagement, hash",
        """Custom audiences hold people from a customer list, website or app events, or engagement with a Page, video
        or form. Lists are hashed before they leave your machine, and you need the right to use the data.""",
        page="audiences/guides/custom-audiences",
    ),
    _article(
        "Lookalike audiences",
        "lookalike, audience, seed, similar, ratio",
        """A lookalike audience finds people who resemble a source of at least 100 people in one country; 1% is the
        closest, 10% the widest. A source of good customers works better than a large mixed one.""",
        search="lookalike audiences",
    ),
    _article(
        "Detailed targeting, locations and searches",
        "targeting, interests, behaviors, demographics, location, search, geo",
        """Interests, behaviors, demographics and places are looked up with a search and targeted by id or key. Options
        are retired now and then; an ad set that uses one must be edited to keep running.""",
        page="audiences/reference/targeting-search",
    ),
    _article(
        "Advantage+ audience",
        "advantage audience, targeting, automation, suggestions, broad",
        """With Advantage+ audience your targeting is a suggestion, and Meta may go beyond it; location, minimum age
        and exclusions stay limits. Switch it off to keep to the audience exactly as described.""",
        search="Advantage+ audience",
    ),
    _article(
        "Advantage+ campaigns",
        "advantage plus, sales campaign, asc, automation, placements",
        """A campaign counts as Advantage+ when budget, audience and placements are all left to Meta. There is no
        separate kind of campaign to create any more: the settings make it one.""",
        page="advantage-campaigns",
    ),
    _article(
        "Placements",
        "placement, feed, stories, reels, audience network, advantage placements, threads",
        """Leaving placements to Meta (Advantage+ placements) usually costs least per result, as delivery moves to
        where results are cheap. Judge placements by cost per result of the whole campaign and not one by one.""",
        search="Advantage+ placements",
    ),
    _article(
        "A/B tests",
        "ab test, split test, experiment, lift, study, significance",
        """An A/B test splits people at random between versions, so that nobody sees both. Change one thing, let it
        run one or two weeks on a sufficient budget, and leave it alone meanwhile.""",
        search="about A/B testing",
    ),
    _article(
        "Ad fatigue and frequency",
        "fatigue, frequency, creative, saturation, refresh",
        """When the same people see an ad too often, click rates fall and costs rise. New creatives with a truly
        different picture or idea help more than new text for the same picture.""",
        search="creative fatigue frequency",
    ),
    _article(
        "Creative specifications",
        "creative, image size, video, aspect ratio, text, specs, format",
        """Use at least 1080 pixels in width: 4:5 or 1:1 for feeds, 9:16 for stories and reels with the edges kept
        free of text. Long texts are cut, so put the point in the first line.""",
        search="image video ad specifications",
    ),
    _article(
        "Catalogues and Advantage+ catalogue ads",
        "catalogue, catalog, product set, feed, dynamic ads, shopping",
        """Catalogue ads fill a template with products that fit the person, from a product set. Ids in the feed must
        be those that pixel or server events send, or nothing can be matched.""",
        search="Advantage+ catalog ads",
    ),
    _article(
        "Lead ads and forms",
        "lead, form, instant form, leads, crm, retrieval",
        """Instant forms collect leads without a website; a form cannot be changed once published and needs a privacy
        policy. Fetch leads soon: Meta keeps them for 90 days.""",
        page="guides/lead-ads/retrieving",
    ),
    _article(
        "Opportunity score and recommendations",
        "opportunity score, recommendation, advice, performance",
        """The opportunity score, 0 to 100, shows how closely an account follows Meta's current recommendations, each
        with its points. It is advice, not a measure of results: weigh every recommendation before applying it.""",
        page="overview/performance-recommendations",
    ),
    _article(
        "Copying campaigns, ad sets and ads",
        "copy, duplicate, clone, deep copy",
        """Campaigns, ad sets and ads can be copied with their contents, preferably as paused copies to review first.
        Copies have no history: they go through review and the learning phase again.""",
        page="reference/ad-campaign/copies",
    ),
)
