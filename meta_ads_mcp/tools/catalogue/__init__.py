"""Catalogs: items, product sets, feeds, event sources, and what keeps items from being shown."""
