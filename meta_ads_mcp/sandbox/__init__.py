"""Graph in a box: an httpx transport that plays Graph API v26.0 in memory, for `--demo` and for tests.

It imports nothing of this project and is driven by Meta's own SDK (see `docs/sandbox.md`).
"""

from meta_ads_mcp.sandbox.faults import Faults, graph_error
from meta_ads_mcp.sandbox.http import SandboxCall, SandboxResponse
from meta_ads_mcp.sandbox.tokens import DEMO_TOKEN, TokenInfo
from meta_ads_mcp.sandbox.transport import Logged, SandboxTransport
from meta_ads_mcp.sandbox.world import World

__all__ = [
    "DEMO_TOKEN",
    "Faults",
    "Logged",
    "SandboxCall",
    "SandboxResponse",
    "SandboxTransport",
    "TokenInfo",
    "World",
    "graph_error",
]
