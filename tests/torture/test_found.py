"""What torture once found, each by itself."""

from __future__ import annotations

import errno
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import pytest

from meta_ads_mcp.engine.files.uploads import RootedUploads
from meta_ads_mcp.engine.telemetry import install_logging
from meta_ads_mcp.errors import DataLimit, NotFound
from meta_ads_mcp.graph.response import MAX_VALUES
from tests.support.elicitors import Person
from tests.support.every_tool import TOOLS
from tests.support.fake_transport import FakeTransport
from tests.support.recorders import EventRecorder
from tests.support.sandbox_bench import Bench
from tests.torture import files, secrets
from tests.torture.content import PAYLOADS, Nobody, served
from tests.torture.graph import placed, tortured
from tests.torture.hostile_bodies import FAULTS

FOUND = [
    ("ads_upload_ad_image", "raised bare TLS", "every write, once done"),
    ("ads_resume_campaign", "raised bare reset", "every write"),
    ("ads_get_insights", "long texts", "all but the first"),
    ("ads_create_ad_study", "long texts", "every request"),
    ("ads_get_ad_rules", "texts as objects", "all but the first"),
    ("ads_get_errors", "texts as objects", "every request"),
    ("ads_get_opportunity_score", "rows as lists", "every request"),
    ("ads_get_opportunity_score", "numbers as texts", "every request"),
    ("ads_get_opportunity_score", "huge numbers", "every request"),
    ("ads_update_campaign", "texts as objects", "every request"),
    ("ads_insights_advertiser_context", "long texts", "all but the first"),
    ("ads_get_audience_shared_accounts", "texts as null", "every request"),
    ("ads_clone_ad_set_bundle", "rows as lists", "every request"),
    ("ads_clone_ad_set_bundle", "texts as objects", "every request"),
    ("facebook_get_page_insights", "texts as objects", "all but the first"),
    ("ads_portfolio_summary", "rows as lists", "all but the first"),
    ("ads_diagnose_underperformance", "lists as texts", "every request"),
    ("ads_diagnose_underperformance", "rows as null", "all but the first"),
    ("ads_catalog_list_catalogs", "lists as objects", "all but the first"),
    ("ads_get_account_controls", "texts as null", "every request"),
    ("ads_get_creative_fatigue", "deep row", "all but the first"),
    ("ads_moderate_comments", "signed texts", "every request"),
    ("ads_portfolio_summary", "long texts", "all but the first"),
    ("ads_bulk_create", "error 613/5044001 400", "every write"),
]


@pytest.mark.parametrize(("name", "fault", "place"), FOUND)
async def test_an_answer_of_another_form_is_no_defect_of_ours(
    name: str, fault: str, place: str, tmp_path: Path
) -> None:
    tool = next(one for one in TOOLS if one.name == name)
    await tortured(Bench(tmp_path), tool, FAULTS[fault], placed(tool, fault)[place])


async def test_more_values_than_memory_should_hold_are_not_decoded() -> None:
    wire = FakeTransport(
        lambda request: httpx.Response(200, content=b'{"data":[' + b"{}," * (MAX_VALUES // 2) + b"{}]}")
    )
    with pytest.raises(DataLimit, match="values"):
        await wire.send()


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("ads_update_ad_link", "half a pair"),
        ("ads_undo_change", "long"),
        ("ads_delete_ad", "quotes"),
        ("ads_bulk_update", "half a pair"),
        ("ads_update_ad_link", "long"),
    ],
)
@pytest.mark.parametrize("person", [Person(True), Nobody()], ids=["asked", "not asked"])
async def test_a_text_neither_breaks_a_write_nor_fills_its_question(
    name: str, payload: str, person: Any, tmp_path: Path
) -> None:
    tool = next(one for one in TOOLS if one.name == name)
    await served(Bench(tmp_path), tool, PAYLOADS[payload], person)


@pytest.fixture
def heard() -> Iterator[EventRecorder]:
    """Standard error taken over, and given back."""
    before = (sys.excepthook, sys.unraisablehook, logging.root.handlers[:], logging.root.level)
    told = EventRecorder()
    install_logging(told)
    yield told
    sys.excepthook, sys.unraisablehook = before[:2]
    logging.root.handlers[:] = before[2]
    logging.root.setLevel(before[3])
    logging.captureWarnings(capture=False)


def test_a_library_tells_who_and_where_and_no_text(heard: EventRecorder, capfd: pytest.CaptureFixture[str]) -> None:
    secret = "EAAB" + "x" * 20
    failure = ValueError(secret)
    told_by_asyncio = f"Task exception was never retrieved: {failure!r}"
    logging.getLogger("asyncio").error(told_by_asyncio, exc_info=failure)
    sys.excepthook(ValueError, failure, None)
    logging.getLogger("some.library").warning("dropped %r", secret)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(secret, stacklevel=1)
    assert capfd.readouterr() == ("", "")
    assert [event for _, event, _ in heard.events] == ["library", "crash", "library", "library"]
    assert secret not in repr(heard.events)
    assert heard.events[2][2]["said"] == "dropped %r"
    assert heard.events[0][2]["error"] == "ValueError"


@pytest.mark.parametrize("form", secrets.TOKENS)
@pytest.mark.parametrize("fault", ["said in a refusal", "said in every text"])
@pytest.mark.parametrize("name", ["ads_get_campaigns", "ads_undo_change"])
async def test_a_secret_that_graph_repeats_stays_here(name: str, fault: str, form: str, tmp_path: Path) -> None:
    tool = next(one for one in TOOLS if one.name == name)
    (await secrets.watched(secrets.Canary(tmp_path, secrets.TOKENS[form]), tool, fault)).check()


@pytest.mark.parametrize("damage", ["a folder", "a link to itself", "rows of wrong types", "garbage behind"])
async def test_a_damaged_journal_is_said_and_kept(damage: str, tmp_path: Path) -> None:
    await files.damaged_state(Bench(tmp_path), "journal.jsonl", files.DAMAGES[damage])


@pytest.mark.parametrize("spoil", files.SPOILT_FOLDERS.values(), ids=files.SPOILT_FOLDERS)
async def test_an_export_without_a_folder_is_refused(spoil: Any, tmp_path: Path) -> None:
    spoil(tmp_path / "exports")
    await files.export(Bench(tmp_path), tmp_path)


def test_a_link_that_changes_while_it_is_resolved_is_a_file_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os.path, "realpath", mock.Mock(side_effect=OSError(errno.EINVAL, "Invalid argument")))
    with pytest.raises(NotFound):
        RootedUploads([tmp_path]).open(str(tmp_path / "a.gif"), 10)
