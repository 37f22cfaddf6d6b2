"""Import the MCP SDK without building its pydantic models, of which a session uses a few."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from pydantic import BaseModel, ConfigDict, PydanticUserError, TypeAdapter


@contextmanager
def deferred_models() -> Iterator[None]:
    """Give every model and type adapter that is made meanwhile pydantic's setting `defer_build`.

    The SDK has a model for every message of every revision of the protocol. With this setting pydantic builds the
    validator of a model when it is first used. Where a type cannot take the setting, it is built at once. This is for
    the SDK alone: fastmcp reads the schemas of its type adapters directly, so those have to be built.
    """
    config, construct = BaseModel.model_config, TypeAdapter.__init__

    @wraps(construct)
    def defer(
        self: TypeAdapter[Any], kind: Any, *, config: ConfigDict | None = None, _parent_depth: int = 2, **rest: Any
    ) -> None:
        depth = _parent_depth + 1
        settings = ConfigDict(**{**(config or {}), "defer_build": True})
        try:
            construct(self, kind, config=settings, _parent_depth=depth, **rest)
        except PydanticUserError:  # models, dataclasses and typed dictionaries have their own settings
            construct(self, kind, config=config, _parent_depth=depth, **rest)

    BaseModel.model_config = ConfigDict(**{**config, "defer_build": True})
    TypeAdapter.__init__ = defer  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        BaseModel.model_config = config
        TypeAdapter.__init__ = construct  # type: ignore[method-assign]
