"""`meta-ads-mcp call`: exit codes, formats and arguments."""

from __future__ import annotations

import csv
import io
import json

import pytest

from meta_ads_mcp.sandbox import graph_error
from tests.cli.conftest import Terminal

pytestmark = pytest.mark.loopback
RAISE = "--allow-writes ads_update_budget entity_type=campaign entity_id={campaign} daily_budget=99900000"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("ads_get_ad_accounts limit=1", 0),
        ("ads_get_ad_accounts limit=0", 1),
        ("ads_no_such_tool", 1),
        (RAISE, 3),
        (f"{RAISE} confirmation=wrong", 3),
    ],
)
def test_exit_code_says_what_became_of_the_call(terminal: Terminal, arguments: str, code: int) -> None:
    terminal.login()
    store = terminal.graph.sandbox.world.store
    campaign = next(node.id for node in store.nodes.values() if node.type == "Campaign" and node.get("daily_budget"))
    assert terminal.run("call", *arguments.format(campaign=campaign).split())[0] == code


def test_throttled_call_has_an_exit_code_of_its_own(terminal: Terminal) -> None:
    terminal.login()
    answer = graph_error(17, "User request limit reached")
    terminal.graph.sandbox.faults.add("adaccounts", respond=answer, times=9)
    code, out, _ = terminal.run("call", "ads_get_ad_accounts")
    terminal.graph.sandbox.faults.clear()
    assert code == 4
    assert json.loads(out)["error"]["retry_after_seconds"] > 0


def test_comma_list_is_a_list_where_the_tool_takes_one(terminal: Terminal) -> None:
    accounts = json.loads(terminal.run("call", "--demo", "ads_get_ad_accounts", "limit=1")[1])["data"]
    arguments = f"call --demo ads_get_insights object_id={accounts[0]['id']} breakdowns=age,gender"
    code, out, _ = terminal.run(*arguments.split())
    assert code == 0
    assert {"age", "gender"} <= set(json.loads(out)["data"]["columns"])


def test_formats_of_an_answer(terminal: Terminal) -> None:
    arguments = ("call", "--demo", "ads_get_ad_accounts", "limit=2", "--format")
    rows = json.loads(terminal.run(*arguments, "json")[1])["data"]
    _, text, _ = terminal.run(*arguments, "csv")
    table = list(csv.DictReader(io.StringIO(text)))
    assert [row["id"] for row in table] == [row["id"] for row in rows]
    assert [row["amount_spent"] for row in table] == [row["amount_spent"]["amount"] for row in rows]
    assert {row["amount_spent_currency"] for row in table} == {row["amount_spent"]["currency"] for row in rows}
    _, text, _ = terminal.run(*arguments, "table")
    assert all(row["name"] in text for row in rows)


def test_no_log_line_is_mixed_in(terminal: Terminal) -> None:
    _, _, err = terminal.run("call", "--demo", "ads_get_ad_accounts", "limit=1")
    assert err == ""


def test_pictures_are_saved_where_they_are_asked_for(terminal: Terminal) -> None:
    account = json.loads(terminal.run("call", "--demo", "ads_get_ad_accounts", "limit=1")[1])["data"][0]["id"]
    arguments = ("call", "--demo", "ads_insights_performance_trend", f"object_id={account}", "chart=true")
    assert "--save FOLDER" in terminal.run(*arguments)[2]
    folder = terminal.home / "charts"
    code, _, err = terminal.run(*arguments, "--save", str(folder))
    (picture,) = folder.iterdir()
    assert (code, picture.read_bytes()[:4]) == (0, b"\x89PNG")
    assert str(picture) in err
