"""Define what a check of a diagnosis can report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from meta_ads_mcp.core.result import Row

Severity = Literal["critical", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")
# Checks whose findings say what changed, and those of the object's own state.
CHANGES = ("performance", "movers")
STATES = ("account", "object")
MAIN_CHECKS = (*STATES, *CHANGES)
# Objects that a finding lists as evidence.
MAX_EXAMPLES = 5


@dataclass(frozen=True)
class Finding:
    """A problem that a check found, with the figures that show it, a possible cause and the next step."""

    check: str
    finding: str
    severity: Severity
    evidence: Row
    hypothesis: str
    next_step: str

    def public(self) -> Row:
        """Return the finding as answers show it."""
        return {
            "check": self.check,
            "finding": self.finding,
            "severity": self.severity,
            "evidence": self.evidence,
            "hypothesis": self.hypothesis,
            "next_step": self.next_step,
        }


class InsufficientData(Exception):
    """There is too little data to judge. The text says what is missing."""


class NotApplicable(Exception):
    """The check does not apply to the object. The text says why."""


def in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Sort the findings: why nothing can run, then what moved the figures, then the others, the most severe first."""
    return sorted(findings, key=lambda finding: (_group(finding), SEVERITIES.index(finding.severity)))


def _group(finding: Finding) -> int:
    if finding.check in STATES and finding.severity == "critical":
        return 0
    return 1 if finding.check in CHANGES and finding.severity != "info" else 2


def count_by_severity(findings: Sequence[Finding]) -> Mapping[Severity, int]:
    """Count the findings of each severity that occurs."""
    counts: dict[Severity, int] = {
        severity: sum(finding.severity == severity for finding in findings) for severity in SEVERITIES
    }
    return {severity: count for severity, count in counts.items() if count}
