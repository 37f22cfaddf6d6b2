"""The additive metrics that are stored per campaign and day, and how a day of a campaign comes about.

A metric is a whole number. Every other figure of insights is derived from these. Conversions are kept per attribution
window so that windows add up as well: `k1` within 1 day of a click, `k7` on days 2 to 7, `k28` on days 8 to 28, `v1`
within 1 day of a view. Graph's default value is `k1 + k7 + v1`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache

from meta_ads_mcp.sandbox.delivery_plan import SPENT_SHARE, CampaignPlan, uniforms

WINDOWS = ("k1", "k7", "k28", "v1")
WINDOW_SHARES = {"k1": 0.56, "k7": 0.25, "k28": 0.11, "v1": 0.19}
EVENTS = (
    "view_content",
    "add_to_cart",
    "initiate_checkout",
    "purchase",
    "lead_pixel",
    "lead_form",
    "install",
    "message",
)
VIDEO = (
    "video_play",
    "video_3s",
    "video_p25",
    "video_p50",
    "video_p75",
    "video_p95",
    "video_p100",
    "thruplay",
    "video_30s",
)

# metric -> the metric it is a share of. A part gets its share of a metric by its share of the parent, so that there
# are no clicks without impressions and no purchases without visits.
PARENTS: dict[str, str] = {
    "spend": "impressions",
    "clicks": "impressions",
    "link_click": "clicks",
    "landing_page_view": "link_click",
    "outbound_click": "link_click",
    "reaction": "clicks",
    "comment": "clicks",
    "share": "clicks",
    "save": "clicks",
    "like": "clicks",
    "video_play": "impressions",
    "video_3s": "video_play",
    "video_p25": "video_3s",
    "video_p50": "video_p25",
    "video_p75": "video_p50",
    "video_p95": "video_p75",
    "video_p100": "video_p95",
    "thruplay": "video_3s",
    "video_30s": "thruplay",
}
for _event in EVENTS:
    for _window in WINDOWS:
        PARENTS[f"{_event}:{_window}"] = "impressions" if _window == "v1" else "link_click"
for _window in WINDOWS:
    PARENTS[f"purchase_value:{_window}"] = f"purchase:{_window}"

# Money is no count of its parent, so it has no limit there.
UNLIMITED = frozenset({"spend", *(f"purchase_value:{window}" for window in WINDOWS)})

# Parents come before their children.
ORDER = ("impressions", *PARENTS)
# Which of a part's biases shapes the metric. A metric that is most of its parent has none, or a part could have more
# link clicks than clicks.
UNBIASED = 7
GROUPS = {name: (2 if ":" in name else UNBIASED if name in VIDEO else 4) for name in PARENTS}
GROUPS |= {"impressions": 0, "clicks": 1, "spend": 5}
GROUPS |= dict.fromkeys(("link_click", "landing_page_view", "outbound_click"), UNBIASED)

# objective -> (click rate, link share, {event: rate per link click}). Invented, in the range of public benchmarks.
RATES: dict[str, tuple[float, float, dict[str, float]]] = {
    "OUTCOME_SALES": (
        0.017,
        0.72,
        {"view_content": 0.62, "add_to_cart": 0.115, "initiate_checkout": 0.062, "purchase": 0.034},
    ),
    "OUTCOME_LEADS": (0.014, 0.70, {"view_content": 0.40, "lead_pixel": 0.021, "lead_form": 0.058}),
    "OUTCOME_TRAFFIC": (0.021, 0.82, {"view_content": 0.44, "add_to_cart": 0.02, "purchase": 0.004}),
    "OUTCOME_AWARENESS": (0.004, 0.45, {"view_content": 0.20}),
    "OUTCOME_ENGAGEMENT": (0.028, 0.30, {"message": 0.09, "lead_form": 0.004}),
    "OUTCOME_APP_PROMOTION": (0.012, 0.78, {"install": 0.11, "purchase": 0.006}),
}
CPM_FACTORS = {"OUTCOME_AWARENESS": 0.45, "OUTCOME_TRAFFIC": 0.7, "OUTCOME_ENGAGEMENT": 0.6}

# Sunday first, as an ordinal modulo 7 counts.
WEEK = (1.10, 1.02, 0.96, 0.94, 0.98, 1.01, 1.06)
VIDEO_STEPS = {
    "video_3s": 0.38, "video_p25": 0.63, "video_p50": 0.56, "video_p75": 0.62, "video_p95": 0.68, "video_p100": 0.74,
    "thruplay": 0.29, "video_30s": 0.42,
}  # fmt: skip
ENGAGEMENT = {"reaction": 0.11, "comment": 0.012, "share": 0.018, "save": 0.015, "like": 0.006}

# anomaly -> the metric of a campaign that changes, and by which factor. `events` are those of `SOUGHT`; fewer
# impressions for the same spend are dearer ones.
ANOMALIES: dict[str, tuple[str, float]] = {
    "cpc_spike": ("clicks", 0.38),
    "spend_drop": ("spend", 0.3),
    "spend_rise": ("spend", 2.2),
    "cpm_rise": ("impressions", 0.42),
    "conversion_drop": ("events", 0.3),
}
SOUGHT = frozenset(EVENTS) - {"view_content"}

Day = Mapping[str, int]
EMPTY: Day = {}


def closure(metrics: Iterable[str]) -> tuple[str, ...]:
    """Return the metrics and all their parents, parents first."""
    names: set[str] = set()
    for name in metrics:
        current: str | None = name
        while current is not None and current not in names:
            names.add(current)
            current = PARENTS.get(current)
    return tuple(name for name in ORDER if name in names)


@lru_cache(maxsize=2048)
def campaign_day(plan: CampaignPlan, day: int) -> Day:
    """All metrics of one campaign on one whole day; empty outside its flight."""
    if not plan.start <= day <= plan.stop:
        return EMPTY
    luck = uniforms(plan.seed, plan.id, day)
    spend, cpm, click_rate = _money_and_rates(plan, day, luck)
    impressions = max(1, int(spend * 1000 / cpm + luck[2]))
    figures = {"impressions": impressions, "spend": spend}
    figures["clicks"] = int(impressions * click_rate + luck[3])
    _add_traffic(figures, plan, luck)
    _add_video(figures, plan, luck)
    _add_events(figures, plan, uniforms(plan.seed, plan.id, day, "events"), _anomaly(plan, day))
    return figures


@lru_cache(maxsize=256)
def spent(plan: CampaignPlan, since: int, until: int) -> int:
    """Minor units spent on whole days; a shortcut that leaves the other metrics out."""
    days = range(max(since, plan.start), min(until, plan.stop) + 1)
    return sum(_money_and_rates(plan, day, uniforms(plan.seed, plan.id, day))[0] for day in days)


def _money_and_rates(plan: CampaignPlan, day: int, luck: tuple[float, ...]) -> tuple[int, float, float]:
    age = day - plan.start
    year = 1 + 0.09 * math.sin(2 * math.pi * (day % 365.25) / 365.25)
    ramp = min(1.0, 0.55 + 0.07 * age)
    pull = WEEK[day % 7] * ramp * (1 + plan.trend * min(age, 730) / 365)
    spend = plan.daily_budget * SPENT_SHARE * pull * (0.9 + 0.2 * luck[0])
    cpm = plan.account.cpm * CPM_FACTORS.get(plan.objective, 1.0) * year * (0.93 + 0.14 * luck[1])
    click_rate = RATES[plan.objective][0] * (0.9 + 0.2 * luck[4])
    for drift in plan.drifts:
        click_rate *= drift.at(day)
    metric, factor = _anomaly(plan, day)
    spend *= factor if metric == "spend" else 1.0
    cpm /= factor if metric == "impressions" else 1.0
    click_rate *= factor if metric == "clicks" else 1.0
    return max(1, round(spend)), cpm, click_rate


def _anomaly(plan: CampaignPlan, day: int) -> tuple[str, float]:
    """The metric that differs on a day, and its factor."""
    return ANOMALIES[plan.anomaly] if plan.anomaly and day >= plan.anomaly_from else ("", 1.0)


def _add_traffic(figures: dict[str, int], plan: CampaignPlan, luck: tuple[float, ...]) -> None:
    clicks = figures["clicks"]
    figures["link_click"] = min(clicks, int(clicks * RATES[plan.objective][1] * (0.95 + 0.1 * luck[5]) + luck[6]))
    figures["outbound_click"] = int(figures["link_click"] * 0.96 + luck[7] * 0.9)
    figures["landing_page_view"] = int(figures["link_click"] * (0.76 + 0.08 * luck[8]))
    factor = 2.2 if plan.objective == "OUTCOME_ENGAGEMENT" else 1.0
    for number, (name, rate) in enumerate(ENGAGEMENT.items()):
        figures[name] = int(clicks * rate * factor + luck[9 + number])


def _add_video(figures: dict[str, int], plan: CampaignPlan, luck: tuple[float, ...]) -> None:
    figures["video_play"] = int(figures["impressions"] * plan.video_share * (0.86 + 0.08 * luck[14]))
    for name, step in VIDEO_STEPS.items():
        figures[name] = int(figures[PARENTS[name]] * step * (0.96 + 0.08 * luck[15]))


def _add_events(
    figures: dict[str, int], plan: CampaignPlan, luck: tuple[float, ...], anomaly: tuple[str, float]
) -> None:
    rates = RATES[plan.objective][2]
    factor = anomaly[1] if anomaly[0] == "events" else 1.0
    for number, event in enumerate(EVENTS):
        estimate = figures["link_click"] * rates.get(event, 0.0) * (0.85 + 0.3 * luck[number])
        estimate *= factor if event in SOUGHT else 1.0
        for place, window in enumerate(WINDOWS):
            chance = (luck[8 + number] + 0.31 * place) % 1 if estimate else 0.0
            figures[f"{event}:{window}"] = int(estimate * WINDOW_SHARES[window] + chance)
    for place, window in enumerate(WINDOWS):
        price = plan.account.order_value * (0.85 + 0.3 * ((luck[4] + 0.29 * place) % 1))
        figures[f"purchase_value:{window}"] = round(figures[f"purchase:{window}"] * price)
