"""Every parameter that Meta's SDK has for an edge we call is offered, or left out for a reason."""

from __future__ import annotations

import re

from tests.support.programs import load_script

coverage = load_script("coverage")


def test_no_parameter_is_unexplained() -> None:
    rows = [
        f"{edge.name} {param}"
        for edge in coverage.build_coverage()
        for param, reason in edge.missing.items()
        if reason == coverage.UNEXPLAINED
    ]
    assert rows == [], "offer these, or give scripts/coverage_reasons.toml a reason"


def test_every_reason_is_used() -> None:
    reasons = {reason for edge in coverage.build_coverage() for reason in edge.missing.values()}
    assert [entry["reason"] for entry in coverage.read_reasons()["reason"] if entry["reason"] not in reasons] == []


def test_every_offered_parameter_is_one_of_meta() -> None:
    edges = {edge.name: edge for edge in coverage.build_coverage()}
    for pattern, params in coverage.read_reasons()["offered"].items():
        matching = [
            edge for edge in edges.values() for tool in edge.tools if re.fullmatch(pattern, f"{tool} {edge.name}")
        ]
        assert matching, pattern
        for param in params:
            assert any(param in edge.params for edge in matching), (pattern, param)


def test_edges_are_those_of_the_sdk() -> None:
    for edge in coverage.build_coverage():
        method, _, path = edge.name.partition(" ")
        node, _, name = path.partition("/")
        assert f"{method} {name}" in coverage.read_sdk()[node]["edges"], edge.name
