"""Batches of items: rows are checked one by one, sent once, and each has an outcome."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.errors import InvalidArguments, UnknownOutcome
from meta_ads_mcp.sandbox import graph_error
from meta_ads_mcp.tools.catalogue.batches.item_rows import check_rows, read_rows
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.scripted_graph import ScriptedGraph, engine

from .conftest import Shop

TOOL = "ads_catalog_items_batch"


def update(item: str, **data: Any) -> dict[str, Any]:
    return {"method": "UPDATE", "data": {"id": item, **data}}


def sheet(folder: Path, *lines: str, name: str = "items.csv") -> str:
    path = folder / name
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


async def test_what_is_sent_and_followed() -> None:
    rows = [
        {"id": "1", "retailer_id": "A", "price": "$5.00", "currency": "USD"},
        {"id": "2", "retailer_id": "B", "availability": "in stock", "currency": "USD"},
    ]
    states = iter(["started", "finished"])
    graph = ScriptedGraph(
        {
            "7/products": {"data": rows},
            "7/items_batch": {"handles": ["H"]},
            "7/check_batch_request_status": lambda _: {"data": [{"handle": "H", "status": next(states)}]},
        }
    )
    requests = [update("A", price="9.99 USD"), update("B", availability="out of stock")]
    answer = await engine(graph).call(TOOL, {"catalog_id": "7", "requests": requests, "idempotency_key": "k"})
    assert not answer.is_error, answer.text
    assert answer.structured["summary"].startswith("2 items sent to catalog 7; Meta accepted 2.")
    read, sent, *looks = graph.sent
    assert (read.path, read.params["filter"], read.params["limit"]) == (
        "7/products",
        {"retailer_id": {"is_any": ["A", "B"]}},
        100,
    )
    assert (sent.method, sent.path) == ("POST", "7/items_batch")
    assert sent.params == {"item_type": "PRODUCT_ITEM", "allow_upsert": False, "requests": requests}
    assert [look.params["handle"] for look in looks] == ["H", "H"]
    assert all(look.params["load_ids_of_invalid_requests"] is True for look in looks)
    assert answer.structured["data"]["state"] == "finished"


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("UPDATE", {"price": "1.00 USD"}, "id"),
    ("UPDATE", {"id": "A"}, "id"),
    ("UPSERT", {"id": "A", "price": "1.00 USD"}, "method"),
    ("UPDATE", {"id": "A", "price": "1,00 EUR"}, "price"),
    ("UPDATE", {"id": "A", "price": 1.5}, "price"),
    ("UPDATE", {"id": "A", "price": "1.50 JPY"}, "price"),
    ("UPDATE", {"id": "A", "price": "1.00 USD", "sale_price": "2.00 USD"}, "sale_price"),
    ("UPDATE", {"id": "A", "price": "2.00 USD", "sale_price": "1.00 EUR"}, "sale_price"),
    ("UPDATE", {"id": "A", "name": "x"}, "name"),
    ("UPDATE", {"id": "A", "availability": "auf Lager"}, "availability"),
    ("UPDATE", {"id": "A", "link": "shop.example/a"}, "link"),
    ("UPDATE", {"id": "A", "title": "x" * 201}, "title"),
    ("UPDATE", {"id": "A", "inventory": "many"}, "inventory"),
    ("CREATE", {"id": "A", "title": "x", "price": "1.00 USD"}, "description"),
]


@pytest.mark.parametrize(("method", "data", "column"), BAD)
def test_a_row_that_meta_refuses_is_refused_with_its_column(method: str, data: dict[str, Any], column: str) -> None:
    result = check_rows([(5, method, data), (6, "DELETE", {"id": "B"})], "PRODUCT_ITEM", upsert=False)
    assert [(row.line, row.column) for row in result.bad] == [(5, column)]
    assert [request.item_id for request in result.requests] == ["B"]


@pytest.mark.parametrize("text", ["name\nx", "id,id\n1,2", "id,colour\n1,x", "id\n", ""])
def test_a_file_whose_columns_cannot_be_sent_is_refused(text: str) -> None:
    with pytest.raises(InvalidArguments):
        read_rows("items.csv", text.encode())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "id,price,method\nA,9.99 USD,\nB,1 USD,delete\n"),
        ("a.csv", "\ufeffID;Price;Method\r\nA;9.99 USD;UPDATE\r\n\r\nB;1 USD;DELETE\r\n"),
        ("a.jsonl", '{"id": "A", "price": "9.99 USD"}\n{"method": "DELETE", "data": {"id": "B", "price": "1 USD"}}\n'),
    ],
)
def test_files_of_several_kinds_are_read_alike(name: str, text: str) -> None:
    rows = [(method, data) for _, method, data in read_rows(name, text.encode())]
    assert rows == [("UPDATE", {"id": "A", "price": "9.99 USD"}), ("DELETE", {"id": "B", "price": "1 USD"})]


async def test_two_requests_for_one_item_send_nothing(shop: Shop) -> None:
    requests = [update("HP-00001", price="9.99 USD"), update("HP-00001", price="8.99 USD")]
    text = await shop.refused("items_batch", catalog_id=shop.catalog, requests=requests, idempotency_key="k")
    assert "HP-00001" in text
    assert shop.server.sandbox.log == []


async def test_a_price_in_another_currency_is_refused(shop: Shop) -> None:
    requests = [update("HP-00001", price="9.99 EUR")]
    text = await shop.refused("items_batch", catalog_id=shop.catalog, requests=requests, idempotency_key="k")
    assert "priced in USD" in text


async def test_a_deletion_is_asked_for(shop: Shop) -> None:
    requests = [{"method": "DELETE", "data": {"id": "HP-00001"}}]
    data = await shop.data("items_batch", catalog_id=shop.catalog, requests=requests, idempotency_key="k")
    assert data["status"] == "needs_confirmation"
    assert shop.server.writes == []


@pytest.fixture
def desk(tmp_path: Path) -> SandboxEngine:
    return build_writer(upload_roots=(str(tmp_path),), state_dir=tmp_path / "state")


async def test_bad_rows_are_told_and_the_others_are_sent(desk: SandboxEngine, tmp_path: Path) -> None:
    shop = Shop(desk)
    path = sheet(tmp_path, "id,price", "HP-00001,12.50 USD", 'HP-00002,"12,50 USD"', "unknown,1.00 USD")
    data = await shop.data("items_batch", catalog_id=shop.catalog, file_path=path, idempotency_key="k")
    assert [(row["row"], row["column"]) for row in data["refused_rows"]] == [(3, "price")]
    assert [(row["row"], row["id"]) for row in data["refused_items"]] == [(4, "unknown")]
    assert (data["items_accepted"], shop.item("HP-00001")["price"]) == (1, "$12.50")
    assert shop.item("HP-00002")["price"] != "$12.50"


def read_private_table(path: Path) -> list[dict[str, str]]:
    assert os.name == "nt" or path.stat().st_mode & 0o777 == 0o600
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


async def test_the_outcome_of_every_item_is_in_a_file_failures_first(desk: SandboxEngine, tmp_path: Path) -> None:
    items = desk.store.children(desk.ids["catalog"], "products")[:40]
    lines = ["id,price", *(f"{item.get('retailer_id')},9.99 USD" for item in items)]
    lines[5] = f"{items[4].get('retailer_id')},9 dollars"
    lines += [f"UNKNOWN-{number},9.99 USD" for number in range(30)]
    arguments = {"catalog_id": desk.ids["catalog"], "file_path": sheet(tmp_path, *lines), "idempotency_key": "k"}
    answer = await desk.call(TOOL, arguments)
    data = answer.structured["data"]
    (file,) = answer.files
    assert data["outcomes_file"] == file.path
    rows = read_private_table(Path(file.path))
    assert [row["outcome"] for row in rows] == ["not_sent"] + ["refused"] * 30 + ["accepted"] * 39
    assert (rows[0]["row"], rows[0]["reason"][:7]) == ("6", "price: ")
    assert all(row["reason"] for row in rows[:31])
    assert {row["id"] for row in rows[1:31]} == {f"UNKNOWN-{number}" for number in range(30)}
    assert sorted(int(row["row"]) for row in rows) == list(range(2, 72))
    assert list(data).index("refused_items") < list(data).index("items_accepted")


async def test_a_batch_without_a_folder_says_that_there_is_no_file(desk: SandboxEngine) -> None:
    made = build_writer(desk.sandbox, clock=desk.clock)
    ids = [item.get("retailer_id") for item in made.store.children(made.ids["catalog"], "products")[:21]]
    requests = [update(item, price="9.99 USD") for item in ids]
    arguments = {"catalog_id": made.ids["catalog"], "requests": requests, "idempotency_key": "k"}
    answer = await made.call(TOOL, arguments)
    assert "outcomes_file" not in answer.structured["data"]
    assert any("could not be written to a file" in note for note in answer.structured["notes"])


async def test_5000_rows_are_one_request_and_asked_for_once(desk: SandboxEngine, tmp_path: Path) -> None:
    shop = Shop(desk)
    path = sheet(tmp_path, "id,price", *(f"HP-{number:05d},{number % 50 + 10}.00 USD" for number in range(1, 5001)))
    sync: dict[str, Any] = {"catalog_id": shop.catalog, "file_path": path, "idempotency_key": "k"}
    plan = await shop.data("items_batch", **sync)
    data = await shop.data("items_batch", **sync, confirmation=plan["confirmation"])
    assert (data["items_accepted"], len(data["handles"])) == (5000, 1)
    assert [entry.path.partition("/")[2] for entry in desk.writes] == ["items_batch"]
    assert len(json.dumps(data)) < 3_000


async def test_a_code_does_not_hold_for_a_file_that_changed_since(desk: SandboxEngine, tmp_path: Path) -> None:
    shop = Shop(desk)
    rows = [f"HP-{number:05d},{number % 50 + 10}.00 USD" for number in range(1, 5001)]
    path = sheet(tmp_path, "id,price", *rows)
    sync: dict[str, Any] = {"catalog_id": shop.catalog, "file_path": path, "idempotency_key": "k"}
    plan = await shop.data("items_batch", **sync)
    sheet(tmp_path, "id,price", *[row.replace(",1", ",9") for row in rows])
    again = await shop.data("items_batch", **sync, confirmation=plan["confirmation"])
    assert (again["status"], desk.writes) == ("needs_confirmation", [])


async def test_more_rows_are_cut_into_requests_and_a_refused_one_is_resumed(
    desk: SandboxEngine, tmp_path: Path
) -> None:
    shop = Shop(desk)
    lines = [f"HP-{number:05d},{number % 50 + 10}.00 USD" for number in range(1, 5001)]
    path = sheet(tmp_path, "id,price", *lines, *(f"new-{number},5.00 USD" for number in range(10)))
    sync: dict[str, Any] = {"catalog_id": shop.catalog, "file_path": path, "idempotency_key": "k"}
    batches: list[str] = []

    def is_second(call: Any) -> bool:
        is_batch = call.method == "POST" and call.path[-1:] == ("items_batch",)
        batches.extend(["items_batch"] * is_batch)
        return is_batch and len(batches) == 2

    desk.sandbox.faults.add(is_second, respond=graph_error(80014))
    plan = await shop.data("items_batch", **sync)
    stopped = await desk.call(TOOL, {**sync, "confirmation": plan["confirmation"]})
    assert stopped.structured["error"]["kind"] == "throttled"
    await desk.clock.sleep(3600)
    plan = await shop.data("items_batch", **sync)
    data = await shop.data("items_batch", **sync, confirmation=plan["confirmation"])
    assert (data["items_accepted"], data["items_refused_by_meta"]) == (5000, 10)
    sent = [len(json.loads(entry.params["requests"])) for entry in desk.writes if entry.status == 200]
    assert sent == [5000, 10]


async def test_a_lost_answer_is_not_sent_again_before_the_items_were_read(tmp_path: Path) -> None:
    items = {"A": "$5.00", "B": "$5.00"}
    fails: list[Callable[[], Any]] = [lambda: UnknownOutcome("The answer was lost.")]

    def lose(request: Request) -> Any:
        if request.path != "7/items_batch" or not fails:
            return None
        items["A"] = "$9.99"
        return fails.pop()()

    graph = ScriptedGraph(
        {
            "7/products": lambda _: {
                "data": [
                    {"id": key, "retailer_id": key, "price": price, "currency": "USD"} for key, price in items.items()
                ]
            },
            "7/items_batch": {"handles": ["H"]},
            "7/check_batch_request_status": {"data": [{"handle": "H", "status": "finished"}]},
        },
        state_dir=tmp_path,
    )
    graph.lose = lose
    call = {
        "catalog_id": "7",
        "requests": [update("A", price="9.99 USD"), update("B", price="9.99 USD")],
        "idempotency_key": "k",
    }
    made = engine(graph)
    assert (await made.call(TOOL, call)).structured["error"]["kind"] == "unknown_outcome"
    answer = await made.call(TOOL, call)
    assert not answer.is_error, answer.text
    sent = [request.params["requests"] for request in graph.sent if request.path == "7/items_batch"]
    assert [[row["data"]["id"] for row in rows] for rows in sent] == [["A", "B"], ["B"]]


async def test_a_batch_is_undone_by_a_batch(shop: Shop) -> None:
    before = shop.item("HP-00001")["price"]
    requests = [update("HP-00001", price="9.99 USD")]
    done = await shop.data("items_batch", catalog_id=shop.catalog, requests=requests, idempotency_key="k")
    assert shop.item("HP-00001")["price"] == "$9.99"
    await shop.server.done("ads_undo_change", change_id=done["change_id"])
    await shop.server.clock.sleep(60)
    await shop.data("list_products", entity_id=shop.catalog, limit=1)
    assert shop.item("HP-00001")["price"] == before
