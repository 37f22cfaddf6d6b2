"""Names the permissions of an endpoint where Meta only says that one is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from meta_ads_mcp.errors import PermissionMissing


@contextmanager
def needing(*scopes: str) -> Iterator[None]:
    """A PermissionMissing inside gets a next step with the scopes (Meta docs, the reference page of each edge)."""
    try:
        yield
    except PermissionMissing as missing:
        step = f"This needs {', '.join(scopes)} on the token, and a role on the Page for its user."
        raise replace(missing, next_step=step) from None
