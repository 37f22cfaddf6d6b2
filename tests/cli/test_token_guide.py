"""The way to a token, and what a token that lacks permissions means for the tools."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Terminal
from tests.support.sandbox_engine import READ_ONLY

pytestmark = pytest.mark.loopback


def test_the_guide_has_every_permission_and_asks_for_nothing(terminal: Terminal) -> None:
    code, out, _ = terminal.run("login", "--guide")
    assert code == 0
    for words in ("System users", "Assign assets", "Generate new token", "ads_management", "leads_retrieval"):
        assert words in out


def test_what_is_missing_names_tools(terminal: Terminal) -> None:
    assert "ads_get_leads, ads_export_leads" in terminal.login(READ_ONLY)[1]
