"""What Graph says of a token: whose it is, what it may do, when it ends; and swapping it for a newer one.

A token or an app secret that is itself a parameter travels in a POST body with `method=GET` (as Meta's own SDK sends
long queries), so that no URL, proxy log or history holds it. Source: Meta docs, facebook-login/guides/access-tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.credentials import Renewed, Token
from meta_ads_mcp.errors import AdsError, PermissionMissing, TokenProblem
from meta_ads_mcp.graph.paging import Sender, pages

MOST_ACCOUNTS = 500
# How Graph's client speaks for one token, whichever is active.
Speaker = Callable[[Token], Sender]


@dataclass(frozen=True)
class App:
    """The app's id and secret, with which tokens are inspected and exchanged."""

    id: str
    secret: str

    @property
    def token(self) -> Token:
        return Token(f"{self.id}|{self.secret}", "app")

    def __repr__(self) -> str:
        return f"App({self.id})"


@dataclass(frozen=True)
class Identity:
    """The holder of a token and what the token may do. Times are Unix seconds: 0 is never, None is not known."""

    id: str
    name: str
    scopes: tuple[str, ...] | None
    kind: str = ""
    app_id: str | None = None
    app_name: str | None = None
    expires_at: int | None = None
    data_access_expires_at: int | None = None
    issued_at: int | None = None


async def identify(speak: Speaker, token: Token, app: App | None) -> Identity:
    """Ask Graph about the token. Raises the AdsError of `GET /me` when the token does not work at all."""
    sender = speak(token)
    me = await sender.send(Request("GET", "me", {"fields": "id,name"}))
    debugged = await _debugged(speak, token, app)
    scopes = await _granted(sender)
    if scopes is None and isinstance(debugged.get("scopes"), list):
        scopes = tuple(sorted(str(scope) for scope in debugged["scopes"]))
    return Identity(
        id=str(me.get("id", "")),
        name=str(me.get("name", "")),
        scopes=scopes,
        kind=str(debugged.get("type", "")),
        app_id=_text(debugged.get("app_id")),
        app_name=_text(debugged.get("application")),
        expires_at=_seconds(debugged.get("expires_at")),
        data_access_expires_at=_seconds(debugged.get("data_access_expires_at")),
        issued_at=_seconds(debugged.get("issued_at")),
    )


async def _granted(sender: Sender) -> tuple[str, ...] | None:
    """The granted permissions, or None where Graph does not say (it does not for Pages' tokens)."""
    try:
        body = await sender.send(Request("GET", "me/permissions"))
    except (PermissionMissing, TokenProblem):
        raise
    except AdsError:
        return None
    rows = body.get("data", []) if isinstance(body, Mapping) else []
    return tuple(sorted(str(row.get("permission")) for row in rows if row.get("status") == "granted"))


async def _debugged(speak: Speaker, token: Token, app: App | None) -> Row:
    """`debug_token`, asked with the app's token where its secret is known, else with the token itself."""
    for asker in [app.token, token] if app else [token]:
        try:
            body = await speak(asker).send(
                Request("POST", "debug_token", {"method": "GET", "input_token": token.reveal()})
            )
        except AdsError:
            continue
        data = body.get("data") if isinstance(body, Mapping) else None
        if isinstance(data, dict) and data.get("is_valid"):
            return data
    return {}


async def exchange(speak: Speaker, token: Token, app: App, kind: str, now: float) -> Renewed:
    """A long-lived token for this one. A System User's may last for ever; the new one lasts 60 days, as the old did."""
    params = {
        "method": "GET",
        "grant_type": "fb_exchange_token",
        "client_id": app.id,
        "client_secret": app.secret,
        "fb_exchange_token": token.reveal(),
    }
    if kind == "SYSTEM_USER":
        params |= {"set_token_expires_in_60_days": "true"}
    body = await speak(token).send(Request("POST", "oauth/access_token", params))
    value = body.get("access_token") if isinstance(body, Mapping) else None
    if not isinstance(value, str) or not value:
        raise TokenProblem("Meta gave no token in exchange.")
    lasts = _seconds(body.get("expires_in"))
    return Renewed(value, int(now) + lasts if lasts else 0)


async def reachable(sender: Sender, business_id: str | None) -> list[Row]:
    """The ad accounts this token reaches, up to 500: those of the business when one is given, else its own."""
    edges = ("owned_ad_accounts", "client_ad_accounts") if business_id else ("adaccounts",)
    rows: dict[str, Row] = {}
    for edge in edges:
        request = Request("GET", f"{business_id or 'me'}/{edge}", {"fields": "id,name,currency,account_status"})
        async for found in pages(sender, request, 100, None):
            rows |= {str(row.get("id")): row for row in found.rows}
            if len(rows) >= MOST_ACCOUNTS:
                break
    return list(rows.values())[:MOST_ACCOUNTS]


def _text(value: Any) -> str | None:
    return str(value) if value else None


def _seconds(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
