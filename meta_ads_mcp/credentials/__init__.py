"""Tokens: where they come from, how they are kept, and a holder that never shows one."""

from meta_ads_mcp.credentials.keychain import Backend, Keychain, KeychainProblem
from meta_ads_mcp.credentials.profile_index import ProfileIndex, ProfileRecord
from meta_ads_mcp.credentials.token import FixedToken, Token, Tokens, is_meta_token, mask, wrong_form
from meta_ads_mcp.credentials.token_file import TokenFile
from meta_ads_mcp.credentials.vault import (
    DEFAULT,
    EnvironmentToken,
    Place,
    ProfileEntry,
    Renewed,
    Vault,
    from_settings,
)

__all__ = [
    "DEFAULT",
    "Backend",
    "EnvironmentToken",
    "FixedToken",
    "Keychain",
    "KeychainProblem",
    "Place",
    "ProfileEntry",
    "ProfileIndex",
    "ProfileRecord",
    "Renewed",
    "Token",
    "TokenFile",
    "Tokens",
    "Vault",
    "from_settings",
    "is_meta_token",
    "mask",
    "wrong_form",
]  # fmt: skip
