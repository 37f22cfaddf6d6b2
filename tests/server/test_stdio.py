"""The server as a client starts it: a process that speaks JSON-RPC on standard output and nothing else."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.support.answers import anonymous, as_json, check_error, check_success
from tests.support.arguments import coded
from tests.support.every_tool import TOOLS
from tests.support.examples import example
from tests.support.mcp_process import HANDSHAKES, MODERN, SERVER, McpProcess, environment, run

NOISY = {"LOG_LEVEL": "DEBUG", "PYTHONUNBUFFERED": "1"}
TOKEN = "EAAhostile0000000000000000000000"
# What somebody may leave in a folder that a client opens.
HOSTILE = f"""
FASTMCP_LOG_LEVEL=bogus
FASTMCP_TRANSPORT=http
FASTMCP_SHOW_SERVER_BANNER=true
META_ADS_ALLOW_WRITES=true
META_ADS_TOOLSETS=all
META_ADS_DEMO=true
META_ADS_GRAPH_URL=http://127.0.0.1:9
META_ACCESS_TOKEN={TOKEN}
META_ADS_NONSENSE=1
"""


@pytest.mark.parametrize("era", [*HANDSHAKES, MODERN])
def test_a_session_in_every_era(tmp_path: Path, era: str) -> None:
    with McpProcess(tmp_path, "--demo", era=era, **NOISY) as wire:
        if era == MODERN:
            assert wire.hello["supportedVersions"] == [MODERN]
            assert wire.ask("tools/list")["cacheScope"] == "private"
        else:
            assert wire.hello["protocolVersion"] == era
            assert wire.hello["serverInfo"]["name"] == "meta-ads"
        assert wire.hello["capabilities"]["tools"].get("listChanged", False) is False
        assert wire.tools() == wire.tools()
        assert "ads_get_ad_accounts" in {tool["name"] for tool in wire.tools()}
        accounts = check_success(wire.call("ads_get_ad_accounts", {}))
        assert accounts["demo"] is True
        unlisted = {"name": "ads_get_campaigns", "arguments": {"account_id": accounts["data"][0]["id"], "limit": 2}}
        assert check_success(wire.call("ads_call_read_tool", unlisted))["page"]["count"] == 2
        found = check_success(wire.call("ads_find_tools", {"query": "pause a campaign"}))
        assert found["data"], "nothing found"
        check_error(wire.call("ads_get_campaigns", {"account_id": "act_1", "colour": "red"}), "invalid_arguments")
        check_error(wire.call("ads_no_such_tool", {}), "not_found")
    lines = [json.loads(line) for line in wire.log().splitlines()]
    assert {line["event"] for line in lines} >= {"tool_call"}


def test_a_hidden_tool_is_as_unknown_as_one_that_never_was(tmp_path: Path) -> None:
    with McpProcess(tmp_path, "--demo") as wire:
        never = check_error(wire.call("ads_pause_nothing_1", {}), "not_found")
        for name in (tool.name for tool in TOOLS if tool.effect.is_write):
            hidden = check_error(wire.call(name, {}), "not_found")
            assert anonymous(hidden, name) == anonymous(never, "ads_pause_nothing_1")
            assert "META_ADS_ALLOW_WRITES" in hidden["next_step"]
            assert "Nearest: " not in hidden["next_step"] or name not in hidden["next_step"]
            through = check_error(wire.call("ads_call_read_tool", {"name": name, "arguments": {}}), "not_found")
            assert through == hidden


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("get_campaigns", "ads_get_campaigns"),
        ("ads_get_adsets", "ads_get_ad_sets"),
        ("ads_pause_ad", "ads_pause_campaign"),
        ("create_campaign", "ads_create_campaign"),
        ("get_insights", "ads_get_insights"),
        ("update_adset", "ads_update_ad_set"),
    ],
)
def test_unknown_name_leads_to_the_nearest_tool(wire_with_writes: McpProcess, name: str, nearest: str) -> None:
    error = check_error(wire_with_writes.call(name, {}), "not_found")
    assert nearest in error["next_step"]
    assert "META_ADS_ALLOW_WRITES" not in error["next_step"]


@pytest.fixture(scope="module")
def wire_with_writes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[McpProcess]:
    with McpProcess(tmp_path_factory.mktemp("home"), "--demo", "--allow-writes") as wire:
        yield wire


def test_read_only_server_says_so(tmp_path: Path) -> None:
    with McpProcess(tmp_path, "--demo", era="2025-11-25") as wire:
        assert "This server only reads" in wire.hello["instructions"]
        answer = check_success(wire.call("ads_find_tools", {"query": "pause a campaign"}))
        (row,) = [row for row in answer["data"] if row["name"] == "ads_pause_campaign"]
        assert row["off"] is True
        assert "META_ADS_ALLOW_WRITES" in answer["notes"][0]


def test_without_a_token_everything_is_listed_and_graph_tools_say_how_to_give_one(tmp_path: Path) -> None:
    with McpProcess(tmp_path, META_ADS_TOOLSETS="all") as wire:
        listed = {tool["name"] for tool in wire.tools()}
        assert listed == {tool.name for tool in TOOLS if not tool.effect.is_write}
        for tool in TOOLS:
            if tool.endpoint is None or tool.effect.is_write:
                continue
            error = check_error(wire.call(tool.name, example(tool, coded)), "token")
            assert "meta-ads-mcp login" in error["next_step"]
            assert "META_ACCESS_TOKEN" in error["next_step"]
        check_success(wire.call("ads_find_tools", {"query": "spend"}))


def test_a_hostile_folder_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(HOSTILE, encoding="utf-8")
    quiet = tmp_path / "elsewhere"
    quiet.mkdir()
    with McpProcess(quiet) as wire:
        expected = wire.tools()
    with McpProcess(tmp_path, **NOISY) as wire:
        assert wire.tools() == expected
        check_error(wire.call("ads_get_ad_accounts", {}), "token")
    assert TOKEN not in wire.log()


@pytest.mark.parametrize(
    ("arguments", "variables", "named"),
    [
        ((), {"META_ADS_TOOLSET": "all"}, "META_ADS_TOOLSET"),
        ((), {"META_ADS_ALLOW_WRITES": "yes please"}, "META_ADS_ALLOW_WRITES"),
        ((), {"META_ADS_ALLOW_WRITES": "ads_no_such_tool"}, "META_ADS_ALLOW_WRITES: ads_no_such_tool does not exist"),
        ((), {"META_ADS_ALLOW_WRITES": "ads_get_campaigns"}, "ads_get_campaigns only reads"),
        ((), {"META_ADS_DEMO": "1"}, "META_ADS_DEMO"),
        ((), {"META_ADS_GRAPH_URL": "https://graph.example.com"}, "META_ADS_GRAPH_URL"),
        ((), {"META_ADS_TIMEOUT": "soon"}, "META_ADS_TIMEOUT"),
        ((), {"META_TOKENS": f"[{TOKEN}"}, "META_TOKENS"),
        ((), {"META_ADS_POLICY": "no_such_file.toml"}, "META_ADS_POLICY"),
        ((), {"LOG_LEVEL": "LOUD"}, "LOG_LEVEL"),
        (("--toolsets", "everything"), {}, "META_ADS_TOOLSETS"),
        (("--accounts", "act_x"), {}, "META_ADS_ACCOUNTS"),
        (("--env-file", "no_such_file.env"), {}, "--env-file"),
    ],
)
def test_a_setting_that_cannot_be_understood_stops_the_start(
    tmp_path: Path, arguments: tuple[str, ...], variables: dict[str, str], named: str
) -> None:
    ended = run(arguments, tmp_path, **variables)
    (line,) = ended.stderr.splitlines()
    assert named in line
    assert TOKEN not in line
    assert (ended.returncode, ended.stdout) == (2, "")


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_other_programs_do_not_see_the_token_and_a_crash_writes_no_memory(tmp_path: Path) -> None:
    with McpProcess(tmp_path, META_ACCESS_TOKEN=TOKEN) as wire:
        seen = Path(f"/proc/{wire.process.pid}")
        limits = (seen / "limits").read_text(encoding="ascii").splitlines()
        assert [line.split()[4:6] for line in limits if line.startswith("Max core")] == [["0", "0"]]
        assert TOKEN not in (seen / "cmdline").read_text(encoding="utf-8")


def parameters(home: Path) -> StdioServerParameters:
    return StdioServerParameters(command=sys.executable, args=[*SERVER, "--demo"], env=environment(home), cwd=str(home))


async def test_the_official_session_of_the_handshake_era(tmp_path: Path) -> None:
    async with stdio_client(parameters(tmp_path)) as (reading, writing), ClientSession(reading, writing) as session:
        hello = as_json(await session.initialize())
        assert hello["serverInfo"]["name"] == "meta-ads"
        listed = as_json(await session.list_tools())["tools"]
        assert all(tool["inputSchema"]["type"] == "object" for tool in listed)
        check_success(as_json(await session.call_tool("ads_get_ad_accounts", {})))
        check_error(as_json(await session.call_tool("ads_get_ad_accounts", {"limit": 0})), "invalid_arguments")


async def test_the_official_client_of_the_modern_era(tmp_path: Path) -> None:
    async with Client(parameters(tmp_path)) as client:
        assert client.protocol_version == MODERN
        assert as_json(await client.list_tools())["tools"]
        result: dict[str, Any] = as_json(await client.call_tool("ads_get_ad_accounts", {"limit": 2}))
        assert len(check_success(result)["data"]) == 2
