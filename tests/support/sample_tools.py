"""A few tools of the tests' own, and an engine around a Graph that is told its answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field

from meta_ads_mcp.core.fields import FieldList
from meta_ads_mcp.core.params import Closed, Form, ListParams, Params
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Result
from meta_ads_mcp.core.tool import Effect, Tool, declaration_of, get, tool
from meta_ads_mcp.core.values.enums import Breakdowns
from meta_ads_mcp.core.values.ids import AccountId, AnyAdObject, CampaignId, ObjectId, PageId, VideoId
from meta_ads_mcp.core.values.ids import Node as NodeId
from meta_ads_mcp.core.values.money import Money
from meta_ads_mcp.engine.engine import ToolAnswer
from meta_ads_mcp.errors import NotFound
from meta_ads_mcp.tools.discovery import CallReadTool
from tests.support.scripted_graph import ScriptedGraph


@tool("ads_test_list", Effect.READ, get("{account_id}/campaigns"), fields="name", identity="id account_id")
class ListThings(ListParams):
    """List things of an account."""

    account_id: AccountId
    limit: Annotated[int, Field(ge=1, le=500)] = 25
    fields: FieldList | None = None


@tool("ads_test_get", Effect.READ, get("{campaign_id}"), fields="name", identity="id account_id", singular="campaign")
class GetThing(Params):
    """Read a thing."""

    campaign_id: CampaignId


class Inner(Closed):
    """An object inside the arguments."""

    kind: Literal["a", "b"]
    size: int | None = None


@tool("ads_test_everything", Effect.READ)
class Everything(Params):
    """An argument of every kind; the answer says what was understood."""

    account_id: AccountId
    word: Literal["red", "green"] | None = None
    count: Annotated[int, Field(ge=1, le=10)] = 3
    ratio: float | None = None
    flag: bool = False
    text: Annotated[str, Field(min_length=2, max_length=20, pattern="^[a-z]+$")] | None = None
    code: Annotated[
        str | None, Form("a country code", "DE", "See the list of countries."), Field(pattern="^[A-Z]{2}$")
    ] = None
    ids: list[ObjectId] | None = None
    words: list[Literal["x", "y"]] | None = None
    texts: list[Annotated[str, Field(min_length=1, max_length=99)]] | None = None
    inner: Inner | None = None
    inners: Annotated[list[Inner], Field(max_length=3)] | None = None
    free: dict[str, Any] | None = None
    budget: Money | None = None
    breakdowns: Breakdowns | None = None
    fields: FieldList | None = None

    async def run(self, call: Call) -> Result:
        await call.graph.get(self.account_id)
        return Result("Understood.", self.model_dump(exclude_none=True))


@tool("ads_test_free", Effect.READ)
class Free(Params):
    """Runs what the test gives it."""

    object_id: AnyAdObject | None = None
    page_id: PageId | None = None
    video_id: VideoId | None = None
    strange_id: Annotated[ObjectId, NodeId("Strange")] | None = None
    account_ids: list[AccountId] | None = None

    async def run(self, call: Call) -> Result:
        found: Result = await HANDLER["run"](self, call)
        return found


HANDLER: dict[str, Any] = {}
MADE = (ListThings, GetThing, Everything, Free, CallReadTool)


class SampleCatalogue:
    """The catalogue of the tools above."""

    def __init__(self) -> None:
        self.tools: dict[str, Tool] = {found.name: found for cls in MADE if (found := declaration_of(cls))}

    def get(self, name: str) -> Tool:
        if name not in self.tools:
            raise NotFound("Unknown tool.")
        return self.tools[name]

    def find(self, query: str, toolset: str | None) -> list[dict[str, Any]]:
        return []

    def mark_unlisted(self, text: str) -> str:
        return text

    def fields_of(self, graph_class: str) -> list[str]:
        return []

    def toolsets(self) -> list[dict[str, Any]]:
        return []


def sample_graph(answer: Callable[[Request], Any], **options: Any) -> ScriptedGraph:
    """A Graph of one function, with an engine that has the tools above."""
    return ScriptedGraph(answer=answer, catalogue=SampleCatalogue(), **options)


async def run_in_tool(graph: ScriptedGraph, run: Callable[[Any, Call], Any], **arguments: Any) -> ToolAnswer:
    """Call the tool that does what it is given."""
    HANDLER["run"] = run
    return await graph.call("ads_test_free", **arguments)


def account(request: Request, currency: str = "USD") -> dict[str, Any]:
    """Any account, any object of account 1."""
    if request.path.startswith("act_"):
        return {"id": request.path, "name": "Shop", "currency": currency, "timezone_name": "Europe/Berlin"}
    return {"id": request.path, "account_id": "1", "name": "Thing"}
