"""Run the checks of a diagnosis. A check whose part could not be read is reported with its error, never as passed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from meta_ads_mcp.analysis.numbers import number
from meta_ads_mcp.analysis.query.selection import IDENTITY
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.diagnosis import movers, pacing
from meta_ads_mcp.tools.diagnosis.case import CHILD, MAX_PIXELS, RUNNING, Case
from meta_ads_mcp.tools.diagnosis.fatigue import fatigue_findings, worn_ad_findings
from meta_ads_mcp.tools.diagnosis.finding import Finding, InsufficientData, NotApplicable
from meta_ads_mcp.tools.diagnosis.performance import Shares, performance_findings
from meta_ads_mcp.tools.diagnosis.relevance import ranking_findings
from meta_ads_mcp.tools.diagnosis.states import check_account, check_learning, check_object, part_check
from meta_ads_mcp.tools.diagnosis.unusual_days import unusual_day_findings
from meta_ads_mcp.tools.pixels.health import age_hours, health, match_rate

# A check raises AdsError if a part could not be read, InsufficientData, or NotApplicable.
Check = Callable[[Case], Iterator[Finding]]


def check_performance(case: Case) -> Iterator[Finding]:
    """Compare the two windows."""
    case.row("windows")
    each, event = readable_movers(case), case.comparison.event
    shares = Shares(movers.contributions(each, event), movers.result_contributions(each, event))
    return performance_findings(case.comparison, shares)


def check_fatigue(case: Case) -> Iterator[Finding]:
    """Look for people who see the ads too often."""
    case.row("windows")
    yield from worn_ad_findings(case)
    yield from fatigue_findings(case.comparison)


def check_unusual_days(case: Case) -> Iterator[Finding]:
    """Look for single days that differ from the same weekdays before."""
    return unusual_day_findings(case.subject.id, case.event_days(), case.comparison)


def check_rankings(case: Case) -> Iterator[Finding]:
    """Look for ads that Meta ranks below average."""
    part = {"ad_set": "children", "ad": "windows"}.get(case.subject.level)
    return ranking_findings(case.recent(part) if part else case.rows("rankings"))


def check_movers(case: Case) -> Iterator[Finding]:
    """Look for objects below that moved the figures."""
    if case.subject.level not in CHILD:
        raise NotApplicable("an ad has no parts")
    return movers.mover_findings(movers_of(case), CHILD[case.subject.level][1])


def movers_of(case: Case) -> list[movers.Mover]:
    """Return the objects below, those that moved most money first. Raises AdsError."""
    below, _ = CHILD[case.subject.level]
    identity = IDENTITY[below]
    return movers.movers(case.rows("children"), (identity[0], identity[1]), case.comparison.windows.recent.since)


def readable_movers(case: Case) -> list[movers.Mover]:
    """Return the objects below, or an empty list if not all of them could be read."""
    if case.subject.level not in CHILD or "children" in case.truncated_parts():
        return []
    return [] if isinstance(case.answers["children"], AdsError) else movers_of(case)


def check_pacing(case: Case) -> Iterator[Finding]:
    """Compare spend with the budgets."""
    level, windows = case.subject.level, case.comparison.windows
    if level == "ad":
        raise NotApplicable("an ad has no budget of its own")
    if case.comparison.partial:
        raise InsufficientData("a day that is not over cannot be compared with a daily budget")
    if level != "account" and str(case.row("object").get("effective_status")) not in RUNNING:
        raise NotApplicable("it is not running")
    budgets = _budgets(case)
    if not budgets:
        raise NotApplicable("no running part of it has a budget of its own")
    spend = {case.subject.id: case.comparison.now.spend}
    if level in ("account", "campaign"):
        key = IDENTITY[CHILD[level][0]][0]
        spend = dict.fromkeys((budget.id for budget in budgets), 0) | spend
        spend |= {str(row.get(key)): number(row.get("spend")) or 0 for row in case.recent("children")}
    paces = pacing.paces(budgets, spend, windows.recent, case.subject.account, case.subject.now)
    if not paces:
        raise InsufficientData("no budget ran through the whole window, or far enough through its life")
    return pacing.pacing_findings(paces)


def _budgets(case: Case) -> list[pacing.Budget]:
    level = case.subject.level
    if level == "account":
        budgets = [
            pacing.budget_of("campaign", row) or pacing.combined_budget(row, case.ad_sets)
            for row in case.rows("campaigns")
        ]
        ad_set_budgets = [pacing.budget_of("ad_set", row) for row in case.ad_sets]
        budgets += [budget for budget in ad_set_budgets if budget and budget.lifetime]
    else:
        budget = pacing.budget_of(level, case.row("object"))
        below = [] if budget or level == "ad_set" else [pacing.budget_of("ad_set", row) for row in case.ad_sets]
        budgets = [budget, *below]
    return [budget for budget in budgets if budget is not None]


def check_pixels(case: Case) -> Iterator[Finding]:
    """Look for pixels that fire rarely or match few people."""
    parts = [name for name in case.answers if name.startswith("pixel")]
    if not parts:
        case.ad_sets  # noqa: B018  raises if the ad sets could not be read, so that no pixel is known
        raise NotApplicable("no running ad set optimizes for a pixel; give pixel_id to check one")
    for name in parts:
        yield from _pixel_findings(case.row(name), case.subject.now)


def _pixel_findings(row: Row, now: datetime) -> Iterator[Finding]:
    score, deductions = health(row, now)
    if not deductions:
        return
    worst = max(-rule["points"] for rule in deductions)
    yield Finding(
        "pixel",
        f"Pixel {row.get('name') or row.get('id')}: {'; '.join(rule['rule'] for rule in deductions)}.",
        "critical" if worst >= 40 else "warning" if worst >= 15 else "info",
        {
            "pixel_id": row.get("id"),
            "score": score,
            "match_rate_approx_pct": match_rate(row),
            "last_fired_hours_ago": age_hours(row.get("last_fired_time"), now),
        },
        "Conversions are not measured, or cannot be matched to people, so delivery is optimized on less data.",
        "See ads_get_pixel_events for what arrives, and ads_get_dataset_quality for matching.",
    )


CHECKS: Mapping[str, Check] = {
    "performance": check_performance,
    "unusual_days": check_unusual_days,
    "movers": check_movers,
    "fatigue": check_fatigue,
    "rankings": check_rankings,
    "learning": check_learning,
    "account": check_account,
    "object": check_object,
    "campaigns": part_check("campaigns", "campaign"),
    "ad_sets": part_check("ad_sets", "ad_set"),
    "ads": part_check("ads", "ad"),
    "pacing": check_pacing,
    "pixel": check_pixels,
}
# Checks that exist only if the diagnosis reads the part of that name.
PART_CHECKS = frozenset({"object", "campaigns", "ad_sets", "ads"})


@dataclass(frozen=True)
class Diagnosis:
    """The findings, the checks that ran, and those that could not run or do not apply, with their reasons."""

    findings: list[Finding]
    checked: list[str]
    not_checked: list[Row]
    not_applicable: list[Row]


def diagnose(case: Case) -> Diagnosis:
    """Run all checks. One that fails is listed in `not_checked` with its error; the others still run."""
    diagnosis = Diagnosis([], [], [], [])
    for name, check in CHECKS.items():
        if name not in PART_CHECKS or name in case.answers:
            _run_check(diagnosis, name, check, case)
    rest = len(case.known_pixels) - MAX_PIXELS
    if rest > 0:
        message = f"{rest} more pixels were not read; give pixel_id for one of them"
        diagnosis.not_checked.append({"check": "pixel, the rest", "kind": "data_limit", "message": message})
    for part in case.truncated_parts():
        message = f"only the first {len(case.rows(part))} were read"
        diagnosis.not_checked.append({"check": f"{part}, the rest", "kind": "data_limit", "message": message})
    return diagnosis


def _run_check(diagnosis: Diagnosis, name: str, check: Check, case: Case) -> None:
    try:
        diagnosis.findings.extend(check(case))
    except NotApplicable as reason:
        diagnosis.not_applicable.append({"check": name, "why": str(reason)})
    except InsufficientData as reason:
        if not case.comparison.now.impressions and not case.comparison.partial and case.is_readable("windows"):
            diagnosis.not_applicable.append({"check": name, "why": "nothing was delivered in the window"})
            return
        diagnosis.not_checked.append({"check": name, "kind": "too_little_data", "message": str(reason)})
    except AdsError as error:
        failure = {"check": name, "kind": error.kind, "message": error.message, "next_step": error.next_step}
        diagnosis.not_checked.append(failure)
    else:
        diagnosis.checked.append(name)
