"""How Graph says no: an exception that carries the error envelope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Refusal(Exception):
    """An error answer of Graph. Shape: Meta docs, graph-api/guides/error-handling and marketing-api/error-reference."""

    message: str
    code: int = 100
    status: int = 400
    subcode: int | None = None
    type: str = "OAuthException"
    user_title: str | None = None
    user_msg: str | None = None
    blame: Sequence[Sequence[str]] = ()
    is_transient: bool = False
    data: Mapping[str, Any] = field(default_factory=dict)

    def body(self, trace: str) -> dict[str, Any]:
        """Return the error as the body of a response."""
        error: dict[str, Any] = {"message": self.message, "type": self.type, "code": self.code}
        if self.blame:
            error["error_data"] = {"blame_field_specs": [list(path) for path in self.blame]}
        if self.data:
            error["error_data"] = dict(self.data)
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
            error["is_transient"] = self.is_transient
        if self.user_title:
            error |= {"error_user_title": self.user_title, "error_user_msg": self.user_msg or ""}
        return {"error": error | {"fbtrace_id": trace}}


def invalid_param(name: str, text: str) -> Refusal:
    """Return the refusal of a param."""
    return Refusal(f"(#100) Param {name} {text}", blame=((name,),))


def is_required(name: str) -> Refusal:
    """Return the refusal of a call without a param."""
    return Refusal(f"(#100) The parameter {name} is required", blame=((name,),))


def invalid(subcode: int | None, text: str, *names: str, code: int = 100) -> Refusal:
    """Return the refusal of a well-formed value that is wrong. Subcodes: Meta docs, marketing-api/error-reference."""
    return Refusal(
        f"(#{code}) Invalid parameter: {text}",
        code=code,
        subcode=subcode,
        user_title="Invalid parameter",
        user_msg=text,
        blame=[(name,) for name in names],
    )


def not_in_enum(name: str, options: Iterable[str]) -> Refusal:
    """Return the refusal of a value that is not one of an enum."""
    return invalid_param(name, "must be one of {" + ", ".join(options) + "}")


def unknown_param(name: str, method: str) -> Refusal:
    """Graph ignores most names it does not know; the sandbox refuses them, so that a wrong name is found."""
    return Refusal(
        f"(#100) Unexpected key '{name}' on {method} (the sandbox is stricter here than Graph)", blame=((name,),)
    )


def unknown_node(node_id: str, method: str = "Get") -> Refusal:
    """Return the refusal of an id that does not exist, 100/33."""
    return Refusal(
        f"Unsupported {method.lower()} request. Object with ID '{node_id}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation. Please read the Graph API documentation at "
        "https://developers.facebook.com/docs/graph-api",
        type="GraphMethodException",
        subcode=33,
    )


def unknown_field(name: str, node_type: str) -> Refusal:
    """Return the refusal of a field that the type does not have."""
    return Refusal(f"(#100) Tried accessing nonexisting field ({name}) on node type ({node_type})")


def unknown_path(path: str) -> Refusal:
    """Return the refusal of a path, 2500."""
    return Refusal(f"Unknown path components: {path}", code=2500)


def syntax_error(text: str) -> Refusal:
    """Return the refusal of a `fields` expression, 2500."""
    return Refusal(f'Syntax error "{text}"', code=2500)


def no_token() -> Refusal:
    """Return the refusal of a call without a token, 190."""
    return Refusal("An access token is required to request this resource.", code=190)


def bad_token() -> Refusal:
    """Return the refusal of an unknown token, 190."""
    return Refusal("Invalid OAuth access token - Cannot parse access token", code=190, status=401)


def expired_token() -> Refusal:
    """Return the refusal of an expired token, 190/463."""
    text = "Error validating access token: Session has expired."
    return Refusal(text, code=190, status=401, subcode=463)


def bad_proof() -> Refusal:
    """Return the refusal of a missing or wrong `appsecret_proof`."""
    return Refusal("Invalid appsecret_proof provided in the API argument", type="GraphMethodException")


def missing_permission(scopes: str) -> Refusal:
    """Return the refusal of a token without a permission, 200."""
    return Refusal(f"(#200) Requires one of the permissions: {scopes}", code=200, status=403)
