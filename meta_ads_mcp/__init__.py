"""A local MCP server for Meta Ads."""

__version__ = "0.2.0"
