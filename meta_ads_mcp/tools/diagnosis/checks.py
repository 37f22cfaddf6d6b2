"""The checks of a diagnosis. One whose part could not be read is told with its error, never passed as fine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from meta_ads_mcp.analysis.numbers import number
from meta_ads_mcp.analysis.selection import IDENTITY
from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.diagnosis import findings as found_in
from meta_ads_mcp.tools.diagnosis import issues as _issues
from meta_ads_mcp.tools.diagnosis import movers, pacing
from meta_ads_mcp.tools.diagnosis.case import CHILD, MOST_PIXELS, RUNNING, TROUBLED, Case
from meta_ads_mcp.tools.diagnosis.findings import MOST_EXAMPLES, Finding, TooLittle
from meta_ads_mcp.tools.pixels.health import age_hours, health, match_rate

# In percent: nearly all of an account's spend cap is used.
CAP_NEARLY_USED = 95
Check = Callable[[Case], Iterator[Finding]]


class NotApplicable(Exception):
    """The check has nothing to look at here; the text says why."""


def performance(case: Case) -> Iterator[Finding]:
    case.row("windows")
    return found_in.performance(case.found)


def fatigue(case: Case) -> Iterator[Finding]:
    case.row("windows")
    return found_in.fatigue(case.found)


def unusual_days(case: Case) -> Iterator[Finding]:
    return found_in.unusual_days(case.subject.id, case.rows("days"), case.found)


def check_rankings(case: Case) -> Iterator[Finding]:
    part = {"ad_set": "children", "ad": "windows"}.get(case.subject.level)
    return found_in.ranking_findings(case.recent(part) if part else case.rows("rankings"))


def check_movers(case: Case) -> Iterator[Finding]:
    if case.subject.level not in CHILD:
        raise NotApplicable("an ad has no parts")
    return movers.findings(movers_of(case), CHILD[case.subject.level][1])


def movers_of(case: Case) -> list[movers.Mover]:
    below, _ = CHILD[case.subject.level]
    identity = IDENTITY[below]
    return movers.movers(case.rows("children"), (identity[0], identity[1]), case.found.at.recent.since)


def check_learning(case: Case) -> Iterator[Finding]:
    """Ad sets that learn, or that Meta says cannot leave the learning phase (SDK class AdCampaignLearningStageInfo)."""
    known = [row for row in case.ad_sets if row.get("learning_stage_info")]
    if not known:
        raise NotApplicable("no running ad set says at which learning stage it is")
    for status, severity, said, hypothesis, step in _LEARNING:
        held = [row for row in known if row["learning_stage_info"].get("status") == status]
        if held:
            yield Finding(
                "learning",
                f"{len(held)} of {len(known)} ad {plural('set', len(known))} {said}.",
                severity,
                {"ad_sets": [_stage(row) for row in held[:MOST_EXAMPLES]], "count": len(held)},
                hypothesis,
                step,
            )


_LEARNING: tuple[tuple[str, found_in.Severity, str, str, str], ...] = (
    (
        "FAIL",
        "warning",
        "are in learning limited",
        "Too few results per week (about 50 are needed): a small budget, a rare event, or many ad sets side by side.",
        "Join ad sets, raise the budget, or optimise for an event that happens more often.",
    ),
    (
        "LEARNING",
        "info",
        "are still learning",
        "Results are less stable and dearer until the learning phase ends; each larger edit starts it anew.",
        "Wait for about 50 results before judging, and avoid edits meanwhile.",
    ),
)


def _stage(row: Row) -> Row:
    conversions = row["learning_stage_info"].get("conversions")
    return {"id": row.get("id"), "name": row.get("name"), "conversions": conversions}


def account_state(case: Case) -> Iterator[Finding]:
    row = case.row("account")
    yield from _told(_issues.problems_of_account(case.subject.account.id, row), "account")
    cap, spent = number(row.get("spend_cap")), number(row.get("amount_spent"))
    if cap and spent is not None and spent >= cap * CAP_NEARLY_USED / 100:
        yield Finding(
            "account",
            f"The account has used {spent / cap:.0%} of its spend cap.",
            "critical" if spent >= cap else "warning",
            {"spend_cap": int(cap), "amount_spent": int(spent)},
            "At the cap all ads of the account stop.",
            "Raise or reset the spend cap: ads_get_spend_limit shows it.",
        )


def object_state(case: Case) -> Iterator[Finding]:
    """The object's own issues and status, and those of what it lies in."""
    own = case.row("object")
    status = str(own.get("effective_status"))
    if status not in (*RUNNING, *TROUBLED):
        quiet = not case.found.now.impressions
        yield Finding(
            "object",
            f"Its status is {status}.",
            "critical" if quiet else "info",
            {"id": own.get("id"), "effective_status": status},
            "It, or what it lies in, is switched off or over.",
            "If that was not meant, see who changed it and switch it on again.",
        )
    yield from _told(_issues.object_issues(case.subject.level, own), "object")
    above = {"campaign": "campaign", "adset": "ad_set"}
    for key, kind in above.items():
        if isinstance(own.get(key), dict):
            yield from _told(_issues.object_issues(kind, own[key]), "object")


def part_state(part: str, kind: str) -> Check:
    """The issues of the objects of a part."""

    def check(case: Case) -> Iterator[Finding]:
        issues = [issue for row in case.rows(part) for issue in _issues.object_issues(kind, row)]
        yield from _told(_issues.distinct(issues), part)

    return check


def _told(issues: Sequence[Row], check: str) -> Iterator[Finding]:
    """A finding per kind of problem, however many objects have it."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for issue in issues:
        kind = issue.get("code") or issue.get("message")
        groups.setdefault((issue["severity"], issue["source"], kind), []).append(issue)
    for (severity, source, code), held in groups.items():
        first = held[0]
        said = str(first.get("summary") or first.get("message") or code)
        kind = str(first["type"]).replace("_", " ")
        yield Finding(
            check,
            f"{len(held)} {plural(kind, len(held))}: {said}",
            severity,
            {
                "source": source,
                "code": code,
                "message": first.get("message"),
                "review_feedback": first.get("review_feedback"),
                "objects": [_place(issue) for issue in held[:MOST_EXAMPLES]],
                "count": len(held),
            },
            _SOURCES.get(str(source), "Meta names this as the reason."),
            "Correct what Meta names, and see every case with ads_get_errors.",
        )


_SOURCES = {
    "recommendations": "Meta's advice; it is not a fault by itself.",
    "effective_status": "Nothing is delivered before this is over.",
    "ad_review_feedback": "Meta's review rejected it.",
}


def _place(issue: Row) -> Row:
    return {"id": issue.get("entity_id"), "name": issue.get("entity_name"), "status": issue.get("effective_status")}


def check_pacing(case: Case) -> Iterator[Finding]:
    level, at = case.subject.level, case.found.at
    if level == "ad":
        raise NotApplicable("an ad has no budget of its own")
    if case.found.partial:
        raise TooLittle("a day that is not over cannot be compared with a daily budget")
    if level != "account" and str(case.row("object").get("effective_status")) not in RUNNING:
        raise NotApplicable("it is not running")
    budgets = _budgets(case)
    if not budgets:
        raise NotApplicable("no running part of it has a budget of its own")
    spend = {case.subject.id: case.found.now.spend}
    if level in ("account", "campaign"):
        key = IDENTITY[CHILD[level][0]][0]
        spend = dict.fromkeys((one.id for one in budgets), 0) | spend
        spend |= {str(row.get(key)): number(row.get("spend")) or 0 for row in case.recent("children")}
    found = pacing.paces(budgets, spend, at.recent, case.subject.account, case.subject.now)
    if not found:
        raise TooLittle("no budget ran through the whole window, or far enough through its life")
    return pacing.findings(found)


def _budgets(case: Case) -> list[pacing.Budget]:
    level = case.subject.level
    if level == "account":
        made = [
            pacing.budget_of("campaign", row) or pacing.combined_budget(row, case.ad_sets)
            for row in case.rows("campaigns")
        ]
        made += [one for row in case.ad_sets if (one := pacing.budget_of("ad_set", row)) and one.lifetime]
    else:
        own = pacing.budget_of(level, case.row("object"))
        below = [] if own or level == "ad_set" else [pacing.budget_of("ad_set", row) for row in case.ad_sets]
        made = [own, *below]
    return [one for one in made if one is not None]


def pixels(case: Case) -> Iterator[Finding]:
    read = [name for name in case.answers if name.startswith("pixel")]
    if not read:
        case.ad_sets  # noqa: B018  raises where the ad sets could not be read, so that no pixel is known
        raise NotApplicable("no running ad set optimises for a pixel; give pixel_id to check one")
    for name in read:
        yield from _pixel(case.row(name), case.subject.now)


def _pixel(row: Row, now: datetime) -> Iterator[Finding]:
    score, held = health(row, now)
    if not held:
        return
    worst = max(-rule["points"] for rule in held)
    yield Finding(
        "pixel",
        f"Pixel {row.get('name') or row.get('id')}: {'; '.join(rule['rule'] for rule in held)}.",
        "critical" if worst >= 40 else "warning" if worst >= 15 else "info",
        {
            "pixel_id": row.get("id"),
            "score": score,
            "match_rate_approx_pct": match_rate(row),
            "last_fired_hours_ago": age_hours(row.get("last_fired_time"), now),
        },
        "Conversions are not measured, or cannot be matched to people, so delivery is optimised on less.",
        "See ads_get_pixel_events for what arrives, and ads_get_dataset_quality for matching.",
    )


CHECKS: Mapping[str, Check] = {
    "performance": performance,
    "unusual_days": unusual_days,
    "movers": check_movers,
    "fatigue": fatigue,
    "rankings": check_rankings,
    "learning": check_learning,
    "account": account_state,
    "object": object_state,
    "campaigns": part_state("campaigns", "campaign"),
    "ad_sets": part_state("ad_sets", "ad_set"),
    "ads": part_state("ads", "ad"),
    "pacing": check_pacing,
    "pixel": pixels,
}
# Checks that exist where there is such a part.
OF_A_PART = frozenset({"object", "campaigns", "ad_sets", "ads"})


@dataclass(frozen=True)
class Diagnosis:
    """What the checks found, those that were made, and those that could not be or do not apply, with the reason."""

    findings: list[Finding]
    checked: list[str]
    not_checked: list[Row]
    not_applicable: list[Row]


def diagnose(case: Case) -> Diagnosis:
    """All checks. One that fails is in `not_checked` with its error and keeps the others going."""
    made = Diagnosis([], [], [], [])
    for name, check in CHECKS.items():
        if name in OF_A_PART and name not in case.answers:
            continue
        try:
            made.findings.extend(check(case))
        except NotApplicable as reason:
            made.not_applicable.append({"check": name, "why": str(reason)})
        except TooLittle as reason:
            made.not_checked.append({"check": name, "kind": "too_little_data", "message": str(reason)})
        except AdsError as error:
            failed = {"check": name, "kind": error.kind, "message": error.message, "next_step": error.next_step}
            made.not_checked.append(failed)
        else:
            made.checked.append(name)
    beyond = len(case.pixels_known) - MOST_PIXELS
    if beyond > 0:
        message = f"{beyond} more pixels were not read; give pixel_id for one of them"
        made.not_checked.append({"check": "pixel, the rest", "kind": "data_limit", "message": message})
    for part in case.cut():
        message = f"only the first {len(case.rows(part))} were read"
        made.not_checked.append({"check": f"{part}, the rest", "kind": "data_limit", "message": message})
    return made
