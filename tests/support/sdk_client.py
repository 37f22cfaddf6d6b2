"""Meta's official Python SDK as a client of the sandbox: an API object for loopback, and its methods by edge."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

from facebook_business.adobjects.abstractcrudobject import AbstractCrudObject
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from meta_ads_mcp.sandbox.http_server import SandboxServer
from tests.support.fake_transport import FakeTransport

# Types whose objects belong to a Page, and take its own token.
OF_PAGES = {"Page", "PagePost", "Comment", "LeadgenForm"}
_METHOD = re.compile(
    r"def (\w+)\(self, (?:(?!\n    def ).)*?method='(\w+)',\s+endpoint='/(\w*)'", re.DOTALL
)  # one generated method: its name, and the request that it sends


class LoopbackApi(FacebookAdsApi):
    """The SDK's API object, for a server on this machine: the host of video uploads is the same one."""

    def __init__(self, url: str, token: str) -> None:
        session = FacebookSession(access_token=token)
        session.GRAPH = url
        session.requests.trust_env = False
        super().__init__(session)

    def call(self, method: str, path: Any, *rest: Any, url_override: str | None = None, **more: Any) -> Any:
        if isinstance(path, str):  # TargetingSearch writes the whole address itself
            path = path.replace(FacebookSession.GRAPH, self._session.GRAPH)
        return super().call(method, path, *rest, **more)


@cache
def sdk_class(node_type: str) -> type[AbstractCrudObject]:
    """Return the SDK's class of a node type: `AdSet`."""
    module = import_module(f"facebook_business.adobjects.{node_type.lower()}")
    found: type[AbstractCrudObject] = getattr(module, node_type)
    return found


@cache
def sdk_methods(node_type: str) -> Mapping[tuple[str, str], str]:
    """Return the names of the generated methods of a class by HTTP method and edge."""
    source = inspect.getsource(sdk_class(node_type))
    return {(method, edge): name for name, method, edge in _METHOD.findall(source)}


@dataclass
class Tour:
    """One run of all steps. `results` has a text per call: empty where the answer was right."""

    server: SandboxServer
    writing: FakeTransport
    results: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        page = self.server.transport.world.store.nodes[self.writing.names["page"]]
        self.api = LoopbackApi(self.server.url, self.server.token)
        self.page_api = LoopbackApi(self.server.url, str(page.get("access_token")))

    def step(self, name: str, call: Callable[[], object]) -> Any:
        """Make a call; `call` checks its answer with `assert` and returns what later steps need."""
        assert name not in self.results, name
        try:
            answer = call()
        except (FacebookRequestError, AssertionError, KeyError, TypeError) as problem:
            self.results[name] = f"{type(problem).__name__}: {str(problem)[:400]}"
            return None
        self.results[name] = ""
        return answer

    def object(self, node_type: str, node_id: str) -> Any:
        """Return the SDK's object of a node, with the token that may use it."""
        return sdk_class(node_type)(node_id, api=self.page_api if node_type in OF_PAGES else self.api)

    def named(self, path: str) -> tuple[Any, str, str]:
        """Return the SDK's object at the start of a path like `{account}/ads`, its type, and the edge."""
        node_id, _, edge = self.writing.filled(path).partition("/")
        node_type = self.server.transport.world.store.nodes[node_id].type
        return self.object(node_type, node_id), node_type, edge

    def call(self, path: str, method: str, params: dict[str, Any]) -> Any:
        """Call the SDK's method for an HTTP method on a path."""
        target, node_type, edge = self.named(path)
        return getattr(target, sdk_methods(node_type)[method, edge])(params=self.writing.filled(params))
