"""DuckDB is an extra: a start, a list of tools and a call of another tool never import it."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import asyncio, sys
import meta_ads_mcp.cli.main
from meta_ads_mcp.app import App
from meta_ads_mcp.settings import load
from meta_ads_mcp.server import server
from meta_ads_mcp.server.catalogue import collect
from meta_ads_mcp.server.resources import schema_text
app = App(load({}, demo=True))
assert any(tool.name == "ads_query" for tool in collect())
assert "insights_daily" in schema_text()
answer = asyncio.run(app.engine.call("ads_get_ad_accounts", {}))
assert not answer.is_error, answer.text
print("duckdb" in sys.modules or "_duckdb" in sys.modules)
"""


def test_the_extra_is_not_imported_before_it_is_asked_for() -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert run.stdout.strip() == "False", run.stderr
