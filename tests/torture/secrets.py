"""Secrets: canaries as token, app secret and Page tokens, looked for in everything that leaves the process or stays."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from meta_ads_mcp.app import App
from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.credentials import FixedToken, Token
from meta_ads_mcp.graph.connection import Connection
from meta_ads_mcp.sandbox import SandboxTransport
from meta_ads_mcp.settings import load
from tests.support.elicitors import Person
from tests.support.every_tool import TOOLS
from tests.support.mcp_process import ROOT, environment
from tests.support.sandbox_bench import FOR_EVER, Bench
from tests.support.sandbox_engine import SandboxEngine
from tests.torture.content import listened
from tests.torture.hostile_bodies import body
from tests.torture.trial import Trial, Trials, awaited, tried
from tests.torture.wire import call, start_process

# In Meta's form, and in one that no pattern knows.
TOKENS = {"usual": "EAABcanary" + "C4nary" * 8, "unusual": "canary-token_0123.nobody|knows-this-form"}
PASTED = "EAABpasted" + "C4nary" * 8
APP_SECRET = "c0ffee" * 5 + "42"
SPOKEN = "GET https://graph.facebook.com/v26.0/me?access_token={0}&appsecret_proof={1} Bearer {0} secret {2}"


@dataclass
class Watch:
    """What must be found nowhere, and everything in which it is looked for."""

    secrets: dict[str, str]
    seen: dict[str, str] = field(default_factory=dict)

    def see(self, where: str, what: Any) -> None:
        self.seen[where] = what if isinstance(what, str) else json.dumps(what, default=repr)

    def files(self, folder: Path) -> None:
        for path in folder.rglob("*"):
            if path.is_file():
                self.see(f"file {path.name}", path.read_bytes().decode(errors="replace"))

    def check(self) -> None:
        found = [
            f"{name} in {where}"
            for where, text in self.seen.items()
            for name, secret in self.secrets.items()
            if secret in text
        ]
        assert not found, found[:5]


def spoken(token: str, proof: str) -> str:
    return SPOKEN.format(token, proof, APP_SECRET)


FAULTS: dict[str, Callable[[str], Any]] = {
    "no fault": lambda said: None,
    "said in a refusal": lambda said: body({"error": {"code": 100, "message": said, "error_user_msg": said}}, 400),
    "said in a body": lambda said: body(said.encode(), 500),
    "said in every text": lambda said: body({"data": [{"id": "1", "name": said, "url": said}], "name": said}),
    "said by the network": lambda said: lambda of: _raise(httpx.ReadError(said)),
    "said by a crash": lambda said: lambda of: _raise(RuntimeError(said)),
}


def _raise(failure: Exception) -> Any:
    raise failure


class Canary(Bench):
    """A bench whose token, app secret and Page tokens are canaries; everything of a call is watched."""

    def __init__(self, files: Path, token: str) -> None:
        super().__init__(files)
        self.token = token
        self.sandbox = SandboxTransport(
            self.sandbox.world, clock=self.sandbox.graph.clock, token=token, app_secret=APP_SECRET
        )

    def again(self, **options: Any) -> SandboxEngine:
        made = super().again(**options)
        client: Any = made.engine.client
        client._tokens, client._connection = FixedToken(self.token), Connection(app_secret=APP_SECRET)
        return made

    def watch(self, proof: str) -> Watch:
        pages = {f"Page token {page}": one for one, page in self.sandbox.world.page_tokens().items()}
        return Watch({"token": self.token, "app secret": APP_SECRET, "proof": proof, **pages})


async def watched(bench: Canary, tool: Tool, fault: str) -> Watch:
    with tempfile.TemporaryDirectory() as state:
        made, given = await bench.ready(tool, state_dir=Path(state))
        lines = listened(made)
        token = Token(bench.token)
        proof = token.proof(APP_SECRET)
        watch = bench.watch(proof)
        make = FAULTS[fault](spoken(bench.token, proof))
        if make is not None:
            bench.sandbox.faults.add(None, respond=lambda call: make(dict), times=FOR_EVER)
        answer = await made.call(tool.name, given, person := Person(True))
        watch.see("answer", answer.structured)
        watch.see("blocks", answer.blocks)
        watch.see("question", person.asked)
        watch.see("log", lines)
        client: Any = made.engine.client
        watch.see("repr", [repr(made.engine), repr(vars(made.engine)), repr(vars(client)), repr(token), f"{token}"])
        watch.files(Path(state))
        return watch


async def _unsaid(bench: Canary, tool: Tool, fault: str) -> None:
    (await watched(bench, tool, fault)).check()


def secrets(full: bool) -> Trials:
    """Every tool with every fault that speaks the secrets out; then settings, tracebacks, and whole processes."""
    with tempfile.TemporaryDirectory() as files, asyncio.Runner() as runner:
        for form, token in TOKENS.items():
            bench = Canary(Path(files), token)
            for index, tool in enumerate(TOOLS):
                for turn, fault in enumerate(FAULTS):
                    if full or (index + turn) % 25 == 0:
                        yield runner.run(awaited(f"{tool.name}, {fault}, {form}", _unsaid(bench, tool, fault)))
    for form, token in list(TOKENS.items())[: None if full else 1]:
        with tempfile.TemporaryDirectory() as home:
            yield from _around(Path(home), form, token, full)


COMMANDS = (
    ["call", "ads_get_ad_accounts"],
    ["doctor"],
    ["tokens"],
    ["login", "{}"],
    ["{}"],
    ["call", "{}"],
    ["call", "ads_get_campaigns", "account_id={}"],
    ["--toolsets", "{}"],
)


def _around(home: Path, form: str, token: str, full: bool) -> Iterator[Trial]:
    given = {"META_ACCESS_TOKEN": token, "META_APP_ID": "123456789012345", "META_APP_SECRET": APP_SECRET}
    watched = {"token": token, "app secret": APP_SECRET}
    yield tried(f"settings, {form}", lambda: _settings(home, given, watched))
    tools = ASKED if full else ASKED[:1]
    yield tried(f"a served process, {form}", lambda: _process(home, given, watched, tools))
    if not full:
        return
    # Where it is pasted in a wrong place, only the usual form can be told from a wrong word.
    for words in COMMANDS if form == "usual" else COMMANDS[:3]:
        said = [word.format(token) for word in words]
        yield tried(f"command {words[0]:.9}, {form}", lambda said=said: _command(home, said, given, watched))


def _settings(home: Path, given: dict[str, str], watched: dict[str, str]) -> None:
    watch = Watch(watched)
    settings = load({**given, "META_ADS_STATE_DIR": str(home)}, None)
    engine = App(settings).engine
    watch.see(
        "repr", [repr(settings), str(settings), settings.model_dump(mode="json"), repr(engine), repr(vars(engine))]
    )
    try:
        engine.client._client.value._connection.timeout_for(None)
    except Exception:  # noqa: BLE001  its traceback is what is looked at
        watch.see("traceback", traceback.format_exc())
    client = engine.client._client.value
    watch.see(
        "locals", [repr(one) for one in (engine.client, engine.profiles, client, vars(client), client._connection)]
    )
    watch.check()


ASKED = ("ads_get_token_status", "ads_get_ad_accounts", "ads_list_tokens", "ads_refresh_token", "ads_get_ads")


def _process(home: Path, given: dict[str, str], watched: dict[str, str], tools: Sequence[str]) -> None:
    """At a Graph that is not there, with all that it writes, and how it looks to others on this machine."""
    watch = Watch({**watched, "pasted": PASTED})
    more = {**given, "META_ADS_GRAPH_URL": "http://127.0.0.1:9", "META_ADS_ALLOW_WRITES": "true"}
    rude = start_process(home, **more)
    for tool in tools:
        for arguments in ({}, {"account_id": PASTED}, {PASTED: 1}):
            number = f"{tool}, {len(watch.seen)}"
            rude.send(call(number, tool, arguments))
            watch.see(number, rude.answer(number))
    processes = Path("/proc")
    if processes.is_dir():
        watch.see("command line", (processes / str(rude.process.pid) / "cmdline").read_text())
    rude.end()
    watch.see("standard error", rude.log())
    watch.files(home)
    watch.check()


def _command(home: Path, words: list[str], given: dict[str, str], watched: dict[str, str]) -> None:
    more = {**given, "META_ADS_GRAPH_URL": "http://127.0.0.1:9", "LOG_LEVEL": "DEBUG"}
    ended = subprocess.run(
        [sys.executable, "-m", "meta_ads_mcp", *words],
        env=environment(home, **more),
        cwd=ROOT,
        capture_output=True,
        text=True,
        input="",
        timeout=60,
        check=False,
    )
    watch = Watch(watched)
    watch.see("output", ended.stdout + ended.stderr)
    watch.check()
