"""The journal of changes: its files, their lines, and an index of them."""

from meta_ads_mcp.engine.writes.journal.journal import Journal
from meta_ads_mcp.engine.writes.journal.segments import FILE

__all__ = ["FILE", "Journal"]
