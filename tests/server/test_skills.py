"""Skills: files that every host can check, served over MCP (SEP-2640), and the source of the prompts."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastmcp import Client
from mcp import MCPError

from meta_ads_mcp.server import skills
from meta_ads_mcp.server.prompts import PROMPTS
from tests.support.answers import ERAS
from tests.support.every_tool import TOOLS
from tests.support.mcp_process import HANDSHAKES, MODERN, McpProcess
from tests.support.programs import ROOT
from tests.support.sandbox_engine import build_server, shared_world

FOLDER = ROOT / "meta_ads_mcp" / "server" / "skills"
every = pytest.mark.parametrize("name", skills.NAMES)
TOOL_ARGUMENTS = {tool.name: set(tool.params.model_fields) for tool in TOOLS}
# Limits of agentskills.io.
MAX_NAME, MAX_DESCRIPTION, MAX_LINES = 64, 1024, 500
KEYS = {"name", "description", "license", "compatibility", "metadata", "allowed-tools"}


def test_every_folder_is_listed_and_every_prompt_has_one() -> None:
    assert sorted(skills.NAMES) == sorted(path.name for path in FOLDER.iterdir())
    assert [prompt.name.replace("_", "-") for prompt in PROMPTS] == list(skills.NAMES)


@every
def test_the_frontmatter_is_what_yaml_reads_and_the_specification_allows(name: str) -> None:
    skill = skills.find_skill(name)
    head = (FOLDER / name / "SKILL.md").read_text(encoding="utf-8").split("---\n")[1]
    assert skill.frontmatter == yaml.safe_load(head)
    assert skill.frontmatter.keys() <= KEYS
    assert skill.frontmatter["name"] == name
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert len(name) <= MAX_NAME
    assert " Use when " in skill.frontmatter["description"]
    assert len(skill.frontmatter["description"]) <= MAX_DESCRIPTION
    assert skill.body.count("\n") < MAX_LINES


@every
def test_tools_and_arguments_that_it_names_exist(name: str) -> None:
    text = skills.find_skill(name).body
    tools = set(re.findall(r"\bads_[a-z_]+", text))
    assert tools <= TOOL_ARGUMENTS.keys()
    assert set(re.findall(r"\b([a-z_]+)=", text)) <= set.union(*(TOOL_ARGUMENTS[tool] for tool in tools))


def test_the_rules_are_the_same_in_all() -> None:
    assert len({skills.find_skill(name).body.partition("## Rules")[2] for name in skills.NAMES}) == 1


def test_a_host_lists_and_reads_skills_in_the_modern_era(tmp_path: Path) -> None:
    with McpProcess(tmp_path, "--demo", era=MODERN) as wire:
        assert wire.hello["capabilities"]["extensions"]["io.modelcontextprotocol/skills"] == {}
        answer = wire.ask("skills/list")
        assert (answer["cacheScope"], answer["ttlMs"] > 0) == ("private", True)
        assert [skill["frontmatter"]["name"] for skill in answer["skills"]] == list(skills.NAMES)
        for skill in answer["skills"]:
            assert wire.ask("skills/get", uri=skill["uri"])["skill"] == skill
            assert skill["uri"] in [file["uri"] for file in skill["resources"]]
            for file in skill["resources"]:
                (content,) = wire.ask("resources/read", uri=file["uri"])["contents"]
                raw = content["text"].encode()
                assert content["mimeType"] == "text/markdown"
                assert (len(raw), f"sha256:{hashlib.sha256(raw).hexdigest()}") == (file["size"], file["digest"])
        for method, params in (
            ("skills/get", {"uri": "skill://nobody/SKILL.md"}),
            ("skills/get", {}),
            ("skills/list", {"cursor": "x"}),
        ):
            assert wire.ask(method, **params)["error"]["code"] == -32602


def test_the_handshake_era_announces_no_extension(tmp_path: Path) -> None:
    with McpProcess(tmp_path, "--demo", era=HANDSHAKES[-1]) as wire:
        assert "extensions" not in wire.hello["capabilities"]
        assert {prompt["name"] for prompt in wire.ask("prompts/list")["prompts"]} >= {"weekly_report"}


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    "uri", ["skill://nobody/SKILL.md", "skill://weekly-report/../prompts.py", "skill://", "skill://weekly-report"]
)
async def test_another_address_is_refused_with_the_skills_there_are(uri: str, era: Any) -> None:
    async with Client(build_server(shared_world()).server, mode=era) as client:
        with pytest.raises(MCPError, match=r"skill://weekly-report/SKILL\.md"):
            await client.read_resource(uri)
