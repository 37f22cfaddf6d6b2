"""Ask Graph about a token: whose it is, what it may do, when it ends. Exchange it for a newer one.

These endpoints take tokens and the app's secret as parameters of a GET (Meta docs,
facebook-login/guides/access-tokens). They are sent over TLS to Meta only, and neither logged nor kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.credentials import Renewed, Token
from meta_ads_mcp.errors import AdsError, PermissionMissing, TokenProblem
from meta_ads_mcp.graph.paging import Sender, fetch_pages

MAX_ACCOUNTS = 500
# Returns a sender that uses the token, whichever token is active.
SenderFor = Callable[[Token], Sender]


@dataclass(frozen=True)
class MetaApp:
    """The app's id and secret, with which tokens are inspected and exchanged."""

    id: str
    secret: str

    @property
    def token(self) -> Token:
        """Return the app's own access token, which Meta defines as id and secret."""
        return Token(f"{self.id}|{self.secret}", "app")

    def __repr__(self) -> str:
        return f"MetaApp({self.id})"


@dataclass(frozen=True)
class Identity:
    """The holder of a token and what the token may do.

    Times are Unix seconds; 0 means never, None means unknown. `scopes` is None where Graph does not list them. `kind`
    is Meta's type of the token: USER, SYSTEM_USER, PAGE or APP; empty when unknown.
    """

    id: str
    name: str
    scopes: tuple[str, ...] | None
    kind: str = ""
    app_id: str | None = None
    app_name: str | None = None
    expires_at: int | None = None
    data_access_expires_at: int | None = None
    issued_at: int | None = None


async def identify(sender_for: SenderFor, token: Token, app: MetaApp | None) -> Identity:
    """Ask Graph about the token. Raises the AdsError of `GET /me` when the token does not work at all."""
    sender = sender_for(token)
    me = await sender.send(Request("GET", "me", {"fields": "id,name"}))
    details = await _debug(sender_for, token, app)
    scopes = await _granted_scopes(sender)
    if scopes is None and isinstance(details.get("scopes"), list):
        scopes = tuple(sorted(str(scope) for scope in details["scopes"]))
    return Identity(
        id=str(me.get("id", "")),
        name=str(me.get("name", "")),
        scopes=scopes,
        kind=str(details.get("type", "")),
        app_id=_text(details.get("app_id")),
        app_name=_text(details.get("application")),
        expires_at=_seconds(details.get("expires_at")),
        data_access_expires_at=_seconds(details.get("data_access_expires_at")),
        issued_at=_seconds(details.get("issued_at")),
    )


async def _granted_scopes(sender: Sender) -> tuple[str, ...] | None:
    """Return the granted permissions, or None where Graph does not list them, as for the tokens of Pages."""
    try:
        body = await sender.send(Request("GET", "me/permissions"))
    except (PermissionMissing, TokenProblem):
        raise
    except AdsError:
        return None
    rows = body.get("data", []) if isinstance(body, Mapping) else []
    return tuple(sorted(str(row.get("permission")) for row in rows if row.get("status") == "granted"))


async def _debug(sender_for: SenderFor, token: Token, app: MetaApp | None) -> Row:
    """Return the data of `debug_token`, requested with the app's token where known, else with the token itself."""
    for requester in [app.token, token] if app else [token]:
        try:
            body = await sender_for(requester).send(Request("GET", "debug_token", {"input_token": token.reveal()}))
        except AdsError:
            continue
        data = body.get("data") if isinstance(body, Mapping) else None
        if isinstance(data, dict) and data.get("is_valid"):
            return data
    return {}


async def exchange(sender_for: SenderFor, token: Token, app: MetaApp, kind: str, now: float) -> Renewed:
    """Exchange the token for a long-lived one. `now` is in Unix seconds.

    The new token of a System User lasts 60 days, as the old one did; without asking, Meta would issue one that never
    expires. Raises TokenProblem when Meta issues none.
    """
    params = {
        "grant_type": "fb_exchange_token",
        "client_id": app.id,
        "client_secret": app.secret,
        "fb_exchange_token": token.reveal(),
    }
    if kind == "SYSTEM_USER":
        params |= {"set_token_expires_in_60_days": "true"}
    body = await sender_for(token).send(Request("GET", "oauth/access_token", params))
    value = body.get("access_token") if isinstance(body, Mapping) else None
    if not isinstance(value, str) or not value:
        raise TokenProblem("Meta issued no token in the exchange.")
    lifetime_s = _seconds(body.get("expires_in"))
    return Renewed(value, int(now) + lifetime_s if lifetime_s else 0)


async def fetch_accounts(sender: Sender, business_id: str | None) -> list[Row]:
    """Return up to 500 ad accounts that the token reaches: those of the business when one is given, else all."""
    edges = ("owned_ad_accounts", "client_ad_accounts") if business_id else ("adaccounts",)
    rows: dict[str, Row] = {}
    for edge in edges:
        request = Request("GET", f"{business_id or 'me'}/{edge}", {"fields": "id,name,currency,account_status"})
        async for page in fetch_pages(sender, request, 100, None):
            rows |= {str(row.get("id")): row for row in page.rows}
            if len(rows) >= MAX_ACCOUNTS:
                break
    return list(rows.values())[:MAX_ACCOUNTS]


def _text(value: Any) -> str | None:
    return str(value) if value else None


def _seconds(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
