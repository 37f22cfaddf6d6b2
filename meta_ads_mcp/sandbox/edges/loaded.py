"""Imports every handler module, so that the table is complete."""

from meta_ads_mcp.sandbox.edges import insights, lists, structure

MODULES = (insights, lists, structure)
