"""Meta's official Python SDK as a client of the sandbox: an API object for loopback, and its methods by edge."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

from facebook_business.adobjects.abstractcrudobject import AbstractCrudObject
from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession

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
