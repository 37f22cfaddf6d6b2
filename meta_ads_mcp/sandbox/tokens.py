"""Access tokens the sandbox knows, and the proof of the app secret."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime

from meta_ads_mcp.sandbox import refusal
from meta_ads_mcp.sandbox.http import SandboxCall

DEMO_TOKEN = "EAASANDBOXdemoSystemUserTokenNotASecret0000000000"  # noqa: S105 - opens nothing but this sandbox
APP_ID = "408231997710042"

SCOPES = (
    "ads_management", "ads_read", "business_management", "catalog_management", "instagram_basic",
    "instagram_branded_content_ads_brand", "instagram_branded_content_creator", "instagram_manage_comments",
    "instagram_manage_insights", "leads_retrieval", "pages_manage_ads", "pages_manage_engagement",
    "pages_manage_posts", "pages_read_engagement", "pages_read_user_content", "pages_show_list", "read_insights",
    "threads_business_basic",
)  # fmt: skip


@dataclass
class TokenInfo:
    """What `debug_token` says of a token. `subject` is the id of the user or page; `expires_at` 0 means never."""

    subject: str
    kind: str = "SYSTEM_USER"
    scopes: tuple[str, ...] = SCOPES
    expires_at: int = 0
    is_valid: bool = True

    def check_scopes(self, method: str, *, in_account: bool) -> None:
        """Refuse a call without permission: in an ad account `ads_read` or `ads_management`, the latter to write."""
        scopes = ("ads_management",) if method != "GET" else ("ads_management", "ads_read")
        if in_account and not set(scopes) & set(self.scopes):
            raise refusal.missing_permission(", ".join(scopes))


@dataclass
class SandboxTokens:
    """The tokens by their text; `app_secret` makes a proof necessary when it is set."""

    known: dict[str, TokenInfo] = field(default_factory=dict)
    app_secret: str | None = None

    def admit(self, call: SandboxCall, now: datetime) -> TokenInfo:
        """The token of a call, or the refusal that Graph gives."""
        token = call.token
        if not token:
            raise refusal.no_token()
        info = self.known.get(token)
        if info is None or not info.is_valid:
            raise refusal.bad_token()
        if info.expires_at and info.expires_at <= now.timestamp():
            raise refusal.expired_token()
        self._check_proof(token, call.params.get("appsecret_proof"))
        return info

    def _check_proof(self, token: str, proof: str | None) -> None:
        if self.app_secret is None:
            return
        right = hmac.new(self.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        if proof is None or not hmac.compare_digest(right, proof):
            raise refusal.bad_proof()
