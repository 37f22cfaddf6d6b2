"""The token's own calls. Source: docs facebook-login/guides/access-tokens (debugging, get-long-lived)."""

from __future__ import annotations

from typing import Any

from meta_ads_mcp.sandbox.edges.registry import Ask, serves
from meta_ads_mcp.sandbox.refusal import Refusal
from meta_ads_mcp.sandbox.tokens import APP_ID, TokenInfo

Json = Any
SIXTY_DAYS = 60 * 24 * 3600


@serves("GET", "Root/debug_token")
def debug_token(ask: Ask) -> Json:
    """Return what is known of a token. docs: facebook-login/guides/access-tokens/debugging"""
    token = ask.params.get("input_token")
    if not token:
        raise Refusal("(#100) The parameter input_token is required")
    info = ask.graph.tokens.known.get(token)
    if info is None:
        error = {"code": 190, "message": "Invalid OAuth access token - Cannot parse access token"}
        return {"data": {"error": error, "is_valid": False, "scopes": []}}
    return {"data": described(info, ask.graph.clock().timestamp())}


def described(info: TokenInfo, now: float) -> dict[str, Json]:
    """Return the answer of `debug_token` for a token."""
    result: dict[str, Json] = {
        "app_id": APP_ID,
        "type": info.kind,
        "application": "Lanterna Reporting",
        "data_access_expires_at": 0,
        "expires_at": info.expires_at,
        "is_valid": info.is_valid and not 0 < info.expires_at <= now,
        "issued_at": int(now) - 20 * 24 * 3600,
        "scopes": list(info.scopes),
        "granular_scopes": [{"scope": scope} for scope in info.scopes],
    }
    result["profile_id" if info.kind == "PAGE" else "user_id"] = info.subject
    return result


@serves("GET", "Root/oauth/access_token")
def exchange(ask: Ask) -> Json:
    """A long-lived token for a short-lived one; it is added to the known tokens."""
    old = ask.params.get("fb_exchange_token", "")
    info = ask.graph.tokens.known.get(old)
    missing = [name for name in ("grant_type", "client_id", "client_secret") if name not in ask.params]
    if missing:
        raise Refusal(f"Missing {missing[0]} parameter.", code=101)
    if info is None:
        raise Refusal("Invalid OAuth access token.", code=190)
    new = f"{old}Long"
    expires = int(ask.graph.clock().timestamp()) + SIXTY_DAYS
    ask.graph.tokens.known[new] = TokenInfo(info.subject, info.kind, info.scopes, expires)
    return {"access_token": new, "token_type": "bearer", "expires_in": SIXTY_DAYS}


@serves("GET", "User/permissions")
def permissions(ask: Ask) -> Json:
    """Return what this token was granted."""
    return {"data": [{"permission": scope, "status": "granted"} for scope in ask.token.scopes]}
