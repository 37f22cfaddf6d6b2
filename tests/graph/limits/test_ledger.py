"""Meta's counts: whatever the order of calls and answers, and however points fade, Meta has no reason to refuse."""

from __future__ import annotations

import sqlite3
import stat
import sys

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from meta_ads_mcp.graph.limits.calls import GraphCall
from meta_ads_mcp.graph.limits.ledger import AD_SET_BUDGET, SCORE, PointLedger, charges
from meta_ads_mcp.graph.limits.state import LedgerBusy, LimitState
from meta_ads_mcp.graph.limits.tiers import tier_named
from tests.support.limits import OTHER, READ, START, WRITE

SLOW, FAST = tier_named("development_access"), tier_named("standard_access")


def _no_trouble(what, lost):
    raise AssertionError(what)


def _ledger(path=None):
    return PointLedger(LimitState(path, _no_trouble))


def _ask(ledger, call, now, tier=SLOW, patience_s=20.0):
    return ledger.reserve(charges(call, tier), now, now, now + patience_s)


class MetaCounts(RuleBasedStateMachine):
    """Calls are granted, reach Meta at some time before their answer, and are answered or never sent."""

    def __init__(self):
        super().__init__()
        self.ledger = _ledger()
        self.now = START
        self.under_way = []
        self.counted = []  # (time at Meta, points)

    @rule(write=st.booleans(), patience_s=st.sampled_from([0.0, 20.0]))
    def ask(self, write, patience_s):
        grant = _ask(self.ledger, WRITE if write else READ, self.now, patience_s=patience_s)
        if grant.ticket is None:
            assert grant.slot > self.now
            return
        assert self.now <= grant.slot <= self.now + patience_s
        self.under_way.append((grant, 3 if write else 1))

    @rule(count=st.integers(10, 80))
    def burst(self, count):
        for _ in range(count):
            self.ask(write=False, patience_s=0.0)

    @rule(seconds=st.sampled_from([0.1, 1.0, 7.0, 60.0, 150.0, 299.0, 301.0]))
    def wait(self, seconds):
        self.now += seconds

    @precondition(lambda self: self.under_way)
    @rule(which=st.integers(0, 1000), at_meta=st.floats(0, 1))
    def answer(self, which, at_meta):
        grant, points = self.under_way.pop(which % len(self.under_way))
        self.now = max(self.now, grant.slot)
        self.counted.append((grant.slot + at_meta * (self.now - grant.slot), points))
        self.ledger.settle(grant.ticket, self.now)

    @rule(at_meta=st.floats(0, 1))
    def answer_all(self, at_meta):
        while self.under_way:
            self.answer(0, at_meta)

    @precondition(lambda self: self.under_way)
    @rule(which=st.integers(0, 1000))
    def cancel(self, which):
        grant, _ = self.under_way.pop(which % len(self.under_way))
        self.ledger.cancel(grant.ticket, self.now)

    @invariant()
    def meta_has_no_reason_to_refuse(self):
        made = sorted(self.counted)
        level, at = 0.0, START
        for index, (time, points) in enumerate(made):
            window = sum(earlier for when, earlier in made[: index + 1] if when > time - 300)
            assert window < 60
            level, at = max(0.0, level - (time - at) * 60 / 300) + points, time
            assert level < 60


TestMetaCounts = MetaCounts.TestCase
TestMetaCounts.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


def test_a_long_call_is_forgotten_in_the_end():
    """A process that dies with calls under way does not close the account for ever."""
    ledger = _ledger()
    while _ask(ledger, READ, START).ticket:
        pass
    assert _ask(ledger, READ, START + 899).ticket is None or _ask(ledger, READ, START + 899).slot > START + 899
    assert _ask(ledger, READ, START + 901).ticket


@pytest.mark.parametrize(
    ("call", "allowed", "again_after_s"),
    [
        (READ, 59, 305),
        (WRITE, 19, 305),
        (GraphCall("t", "act_1", "ads_management", write=True, object_id="7", budget_change=True), 4, 3605),
        (GraphCall("t", "act_1", "ads_management", write=True, object_id="act_1", spend_limit_change=True), 10, 86405),
    ],
)
def test_what_is_allowed_and_when_again(call, allowed, again_after_s):
    ledger = _ledger()
    granted = 0
    while (grant := _ask(ledger, call, START)).ticket:
        granted += 1
        ledger.settle(grant.ticket, START)
    assert granted == allowed
    assert grant.slot == START + again_after_s
    assert _ask(ledger, call, START + again_after_s - 21).ticket is None
    assert _ask(ledger, call, START + again_after_s - 20).slot == START + again_after_s


def test_the_standard_tier_has_its_own_limits():
    ledger = _ledger()
    made = 0
    while (grant := _ask(ledger, WRITE, START, FAST, 0)).ticket:
        made += 1
    assert (made, grant.rule) == (99, "mutations")


def test_accounts_and_ad_sets_are_counted_apart_and_tokens_together():
    ledger = _ledger()
    while _ask(ledger, READ, START).ticket:
        pass
    assert _ask(ledger, OTHER, START).ticket
    assert not _ask(ledger, GraphCall("another", "act_1", "ads_insights"), START).ticket
    assert _ask(ledger, GraphCall("t", None, "ads_management"), START).ticket


def test_first_come_first_served():
    ledger = _ledger()
    while (grant := _ask(ledger, WRITE, START)).ticket:
        ledger.settle(grant.ticket, START)
    slots = [_ask(ledger, call, START + 290).slot for call in (WRITE, READ, WRITE, READ)]
    assert slots == sorted(slots)


def test_points_spent_elsewhere_count():
    ledger = _ledger()
    ledger.settle(_ask(ledger, READ, START).ticket, START)
    ledger.reconcile("act_1", 50.0, 120, SLOW, START)
    assert {key: points for _, key, points in ledger.points(START)} == {"act_1": 30}
    ledger.reconcile("act_1", 1.0, 120, SLOW, START + 1)
    assert {key: points for _, key, points in ledger.points(START + 1)} == {"act_1": 1}
    ledger.reconcile("act_1", 250.0, 120, SLOW, START + 1)
    assert ledger.points(START + 1) == [("score", "act_1", 60)]
    assert _ask(ledger, READ, START + 1).slot == pytest.approx(START + 126)


def test_what_is_under_way_may_not_be_in_meta_s_figure_yet():
    ledger = _ledger()
    ledger.settle(_ask(ledger, READ, START).ticket, START)
    for _ in range(3):
        _ask(ledger, READ, START)
    ledger.reconcile("act_1", 5.0, 120, SLOW, START)
    assert ledger.points(START) == [("score", "act_1", 1 + 3 + 2)]


def test_meta_s_word_that_a_count_is_full_is_taken():
    ledger = _ledger()
    change = GraphCall("t", "act_1", "ads_management", write=True, object_id="7", budget_change=True)
    ledger.exhaust(AD_SET_BUDGET, "7", 4, START)
    assert _ask(ledger, change, START).slot == START + 3605


def test_processes_share_the_points(tmp_path):
    one, other = _ledger(tmp_path / "score.sqlite3"), _ledger(tmp_path / "score.sqlite3")
    granted = sum(1 for index in range(100) if _ask((one, other)[index % 2], READ, START, patience_s=0).ticket)
    assert granted == 59


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_only_this_user_reads_it(tmp_path):
    _ask(_ledger(tmp_path / "score.sqlite3"), READ, START)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_a_clock_that_is_put_back_does_not_close_an_account_for_long():
    ledger = _ledger()
    while (grant := _ask(ledger, READ, START)).ticket:
        ledger.settle(grant.ticket, START)
    earlier = START - 40_000
    assert not _ask(ledger, READ, earlier).ticket
    assert _ask(ledger, READ, earlier + 306).ticket


def test_a_damaged_file_is_set_aside_and_told(tmp_path):
    path, told = tmp_path / "score.sqlite3", []
    path.write_bytes(b"not a database" * 1000)
    ledger = PointLedger(LimitState(path, lambda what, lost: told.append(lost)))
    assert _ask(ledger, READ, START).ticket
    assert told == [True]
    assert (tmp_path / "score.sqlite3.damaged").exists()
    assert _ledger(path).points(START) == [("score", "act_1", 1)]


def test_a_process_follows_a_file_that_was_replaced(tmp_path):
    path = tmp_path / "score.sqlite3"
    one = _ledger(path)
    _ask(one, READ, START)
    path.rename(tmp_path / "aside")
    other = _ledger(path)
    _ask(other, READ, START)
    assert one.points(START) == [("score", "act_1", 1)]
    _ask(one, READ, START)
    assert other.points(START) == [("score", "act_1", 2)]


def test_without_a_place_for_a_file_points_are_kept_in_memory(tmp_path):
    (tmp_path / "file").write_text("")
    told = []
    ledger = PointLedger(LimitState(tmp_path / "file" / "score.sqlite3", lambda what, lost: told.append(lost)))
    assert _ask(ledger, READ, START).ticket
    assert ledger.points(START) == [("score", "act_1", 1)]
    assert told == [False]


def test_a_file_that_another_process_holds_is_not_taken_for_damaged(tmp_path):
    path = tmp_path / "score.sqlite3"
    ledger = _ledger(path)
    _ask(ledger, READ, START)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerBusy):
        _ask(ledger, READ, START)
    with pytest.raises(LedgerBusy):
        _ledger(path).points(START)
    holder.close()
    assert ledger.points(START) == [(SCORE.name, "act_1", 1)]
