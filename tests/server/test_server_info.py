"""Who the server says it is, and what it announces: on the wire, in both protocol eras."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp import __version__
from meta_ads_mcp.server.server_info import DESCRIPTION, TITLE, WEBSITE
from tests.support.mcp_process import MODERN, ROOT, McpProcess

ERAS = ("2025-11-25", MODERN)
# Every answer of 2026-07-28 repeats it.
MAX_INFO_CHARS = 800
IMPLEMENTED = {"completions", "prompts", "resources", "tools"}


def server_info(answer: Mapping[str, Any]) -> dict[str, Any]:
    info = answer.get("serverInfo") or answer["_meta"]["io.modelcontextprotocol/serverInfo"]
    return dict(info)


@pytest.fixture(scope="module", params=ERAS)
def wire(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    with McpProcess(tmp_path_factory.mktemp("home"), "--demo", era=request.param) as process:
        yield process


def test_a_client_can_show_what_it_is_connected_to(wire: McpProcess) -> None:
    info = server_info(wire.hello)
    (icon,) = info.pop("icons")
    assert info == {
        "name": "meta-ads",
        "version": __version__,
        "title": TITLE,
        "description": DESCRIPTION,
        "websiteUrl": WEBSITE,
    }
    kind, _, data = icon["src"].partition(";base64,")
    assert (kind, icon["mimeType"], icon["sizes"]) == ("data:image/svg+xml", "image/svg+xml", ["any"])
    assert b64decode(data).startswith(b"<svg xmlns=")
    assert len(json.dumps(server_info(wire.hello))) < MAX_INFO_CHARS


def test_nothing_is_announced_that_does_not_exist(wire: McpProcess) -> None:
    capabilities = dict(wire.hello["capabilities"])
    extensions = capabilities.pop("extensions", None) or {}
    assert set(capabilities) == IMPLEMENTED
    has_views = any("ui" in tool.get("_meta", {}) for tool in wire.tools())
    assert has_views or "io.modelcontextprotocol/ui" not in extensions
    assert wire.ask("logging/setLevel", level="info")["error"]["code"] == -32601


def test_sizes_of_fixed_resources_are_true(wire: McpProcess) -> None:
    listed = {resource["uri"]: resource for resource in wire.ask("resources/list")["resources"]}
    sizes = {uri: resource["size"] for uri, resource in listed.items() if "size" in resource}
    assert sizes
    for uri, size in sizes.items():
        (content,) = wire.ask("resources/read", uri=uri)["contents"]
        assert len(content["text"].encode()) == size, uri


def test_the_registry_names_the_same_website() -> None:
    entry = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))
    assert entry["websiteUrl"] == entry["repository"]["url"] == WEBSITE
    assert entry["title"] == TITLE
    assert entry["description"] == DESCRIPTION


def test_long_tables_are_not_cut_by_the_client(tmp_path: Path) -> None:
    with McpProcess(tmp_path, "--demo", META_ADS_TOOLSETS="all") as process:
        limits = {tool["name"]: tool.get("_meta", {}).get("anthropic/maxResultSizeChars") for tool in process.tools()}
    assert limits["ads_get_insights"] == limits["ads_run_report_and_wait"] == 100_000
    assert limits["ads_get_ad_accounts"] is None
