"""Skills: instructions for recurring jobs, one folder each with a SKILL.md, as agentskills.io specifies them.

The files in `skills/` are the one source. The prompts render from them, the server hands them out over MCP (SEP-2640),
and scripts/plugins.py copies them into the plugin. Nothing is read before a client asks for it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from meta_ads_mcp.errors import NotFound

SCHEME = "skill://"
MAIN_FILE = "SKILL.md"
MARKDOWN = "text/markdown"
NAMES = (
    "weekly-report",
    "account-audit",
    "budget-change",
    "launch-checklist",
    "creative-fatigue",
    "find-wasted-spend",
)
_FENCE = "---\n"


@dataclass(frozen=True)
class SkillFile:
    """A file of a skill with its address, `skill://<skill>/<path>`."""

    uri: str
    content: bytes

    def reference(self) -> dict[str, Any]:
        """Return address, digest and size as SEP-2640 lists them."""
        digest = f"sha256:{hashlib.sha256(self.content).hexdigest()}"
        return {"uri": self.uri, "digest": digest, "size": len(self.content)}


@dataclass(frozen=True)
class Skill:
    """A skill: the frontmatter and the body of its SKILL.md, and all of its files."""

    name: str
    frontmatter: Mapping[str, str]
    body: str
    files: tuple[SkillFile, ...]

    @property
    def uri(self) -> str:
        return f"{SCHEME}{self.name}/{MAIN_FILE}"

    def entry(self) -> dict[str, Any]:
        """Return the skill as `skills/list` and `skills/get` answer it."""
        return {
            "uri": self.uri,
            "frontmatter": dict(self.frontmatter),
            "resources": [file.reference() for file in self.files],
        }


@cache
def load_skills() -> dict[str, Skill]:
    """Return the skills by address, in the order in which they are listed."""
    skills = [_load(name) for name in NAMES]
    return {skill.uri: skill for skill in skills}


def find_skill(name: str) -> Skill:
    """Return the skill of that name. Raises KeyError if there is none."""
    return load_skills()[f"{SCHEME}{name}/{MAIN_FILE}"]


def read_file(uri: str) -> str:
    """Return the text of a skill's file. Raises NotFound for an unknown address."""
    for skill in load_skills().values():
        for file in skill.files:
            if file.uri == uri:
                return file.content.decode("utf-8")
    raise NotFound("There is no skill file at this address.", f"Skills are {', '.join(load_skills())}.")


def parse_frontmatter(text: str) -> tuple[dict[str, str], str]:
    """Return the frontmatter and the body of a SKILL.md.

    Ours hold one `key: value` per line, with the value as plain text or as a JSON string. That is a part of YAML, so
    that no YAML parser has to be imported.
    """
    _, head, body = text.split(_FENCE, 2)
    pairs = (line.split(": ", 1) for line in head.splitlines())
    return {key: json.loads(value) if value.startswith('"') else value for key, value in pairs}, body.strip()


def _load(name: str) -> Skill:
    folder = files("meta_ads_mcp.server") / "skills" / name
    frontmatter, body = parse_frontmatter((folder / MAIN_FILE).read_text(encoding="utf-8"))
    return Skill(name, frontmatter, body, tuple(_collect(folder, f"{SCHEME}{name}/")))


def _collect(folder: Traversable, address: str) -> list[SkillFile]:
    """Return the files of a folder and its subfolders, sorted by name."""
    files: list[SkillFile] = []
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.is_dir():
            files += _collect(item, f"{address}{item.name}/")
        else:
            # Line ends as they were committed, also from a checkout of Windows: the digest depends on them.
            files.append(SkillFile(address + item.name, item.read_bytes().replace(b"\r\n", b"\n")))
    return files
