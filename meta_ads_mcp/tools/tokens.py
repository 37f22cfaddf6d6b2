"""Manage the token profiles of this machine: list, select, register, delete, check and renew. Tokens stay masked."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from meta_ads_mcp.core.params import Form, Params
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.values.text import redact

# A longer value is probably a secret: no profile or variable name is that long.
MAX_NAME_CHARS = 64
SAFE_WAY = (
    "a token does not belong in a chat, where it is no longer a secret: revoke it at Meta, then run "
    "`meta-ads-mcp login` in a terminal, or put a new one into an environment variable of this server and name that "
    "variable in env_var"
)
_SECRET_NAMES = frozenset({"token", "access_token", "accesstoken", "value", "secret", "app_secret"})

ProfileName = Annotated[
    str,
    Form("a profile name", "shop-2"),
    Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$", description="Profile name"),
]


class TokenParams(Params):
    """Base of tools that name profiles. Rejects any value that looks like a token, without repeating it."""

    @model_validator(mode="before")
    @classmethod
    def _no_token(cls, data: Any) -> Any:
        if isinstance(data, dict) and any(_is_secret(key, value) for key, value in data.items()):
            raise ValueError(SAFE_WAY)
        return data


def _is_secret(key: Any, value: Any) -> bool:
    """Return whether the argument's name or its value suggests a token."""
    if not isinstance(value, str):
        return False
    return str(key).lower() in _SECRET_NAMES or len(value) > MAX_NAME_CHARS or redact(value) != value


@tool("ads_list_tokens", Effect.READ, calls_graph=False, keywords="profiles accounts credentials login active")
class ListTokens(TokenParams):
    """List the token profiles of this machine: active or not, masked token, type, expiry, scopes, where stored."""

    async def run(self, call: Call) -> Result:
        rows = call.profiles.rows()
        active = next((row["profile"] for row in rows if row["active"]), None)
        use = f"{active} is in use" if active else "none is in use"
        return Result(f"{len(rows)} profile{'' if len(rows) == 1 else 's'}; {use}.", rows)


@tool(
    "ads_set_active_token", Effect.LOCAL, calls_graph=False, idempotent=True, keywords="switch profile business client"
)
class SetActiveToken(TokenParams):
    """Use another token profile from now on, in this server only. `meta-ads-mcp tokens use NAME` makes it last."""

    bm_name: ProfileName

    async def run(self, call: Call) -> Result:
        row = call.profiles.use(self.bm_name)
        note = f"Until this server restarts; `meta-ads-mcp tokens use {self.bm_name}` makes it last."
        return Result(f"{self.bm_name} is in use now.", row, notes=[note])


@tool("ads_register_token", Effect.LOCAL, idempotent=False, keywords="add login credentials profile")
class RegisterToken(TokenParams):
    """Add a token profile from an environment variable of this server. There is no argument for the token itself: what
    is typed into a chat is no longer a secret."""

    bm_name: ProfileName
    env_var: Annotated[
        str,
        Form("the name of an environment variable", "META_ACCESS_TOKEN"),
        Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$", description="Name of the variable that holds the token"),
    ]

    async def run(self, call: Call) -> Result:
        row = await call.profiles.register(self.bm_name, self.env_var)
        use = "" if row["active"] else " It is not in use: ads_set_active_token switches to it."
        return Result(f"Registered {self.bm_name} ({row['masked']}), kept in the {row['stored_in']}.{use}", row)


@tool(
    "ads_delete_token",
    Effect.LOCAL,
    calls_graph=False,
    idempotent=False,
    destructive=True,
    keywords="remove logout forget",
)
class DeleteToken(TokenParams):
    """Delete a token profile from this machine. Meta still accepts the token: revoke it in Business settings."""

    bm_name: ProfileName

    async def run(self, call: Call) -> Result:
        row = await call.profiles.delete(self.bm_name)
        notes = ["This does not revoke the token at Meta: revoke it in Business settings, under System users."]
        if row["was_active"]:
            notes.append("It was in use. Nothing takes its place: choose a profile with ads_set_active_token.")
        if row["stored_in"].startswith("environment"):
            notes.append("It comes from the environment and is back after a restart: remove the variable there.")
        return Result(f"Deleted {self.bm_name} from the {row['stored_in']}.", row, notes=notes)


@tool("ads_get_token_status", Effect.READ, keywords="expiry scopes permissions valid health check")
class GetTokenStatus(TokenParams):
    """Ask Meta about a token: valid or why not, type, expiry, scopes, and what each family of tools still lacks."""

    bm_name: ProfileName | None = None

    async def run(self, call: Call) -> Result:
        row = await call.profiles.status(self.bm_name)
        return Result(_status(row), row)


def _status(row: Row) -> str:
    """Summarize a token check in a sentence, with Meta's reason and the next step for a token that fails."""
    if not row["valid"]:
        return f"{row['profile']} does not work: {row['reason']} {row['next_step']}"
    ends = f", expires {row['expires_at']}" if "expires_at" in row else ""
    return f"{row['profile']} ({row['masked']}) works{ends}; {row.get('access', 'access unknown')}."


@tool("ads_refresh_token", Effect.LOCAL, idempotent=False, keywords="renew exchange extend long-lived")
class RefreshToken(TokenParams):
    """Exchange a token for a new one that is valid for 60 days; the old one is kept until the new one is stored. Needs
    the app's secret."""

    bm_name: ProfileName | None = None

    async def run(self, call: Call) -> Result:
        row = await call.profiles.refresh(self.bm_name)
        notes = [] if row["stored_in"] == "OS keyring" else ["It is kept in memory only, until this server restarts."]
        ends = f", expires {row['expires_at']}" if "expires_at" in row else ""
        return Result(f"Renewed {row['profile']} ({row['masked']}){ends}.", row, notes=notes)
