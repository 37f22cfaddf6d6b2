"""Read `naming.toml`: the templates by which an agency names its campaigns, ad sets and ads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from meta_ads_mcp.analysis.query.name_templates import NameTemplate
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.values.ids import account_path
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.store.name_columns import NameColumns, NameLevel
from meta_ads_mcp.store.toml_file import read_toml

FILE = "naming.toml"
EXAMPLE = 'campaign = "{market}_{objective}_{audience}_{date}"'
_LEVELS = get_args(NameLevel)


def name_columns(call: Call, templates: Mapping[NameLevel, str] | None) -> NameColumns:
    """Return the columns by the templates, else by those of the file. Raises InvalidArguments."""
    if templates is not None:
        return NameColumns(_templates(templates, "name_templates"))
    content = None if call.store_dir is None else read_toml(call.store_dir.parent / FILE, EXAMPLE)
    if not content:
        return NameColumns()
    accounts = content.pop("accounts", {})
    if not isinstance(accounts, Mapping):
        raise InvalidArguments(f"{FILE} has accounts that are not tables.", "Write: [accounts.act_123]")
    by_account = {_account(key): _templates(value, f"{FILE}, account {key[:40]}") for key, value in accounts.items()}
    return NameColumns(_templates(content, FILE), by_account)


def _account(key: str) -> str:
    number = key.removeprefix("act_")
    if not number.isascii() or not number.isdigit():
        raise InvalidArguments(f"{FILE} has [accounts.{key[:40]}], which is not the id of an account.", "Correct it.")
    return account_path(number)


def _templates(content: Any, where: str) -> dict[NameLevel, NameTemplate]:
    if not isinstance(content, Mapping) or not all(isinstance(value, str) for value in content.values()):
        raise InvalidArguments(f"{where} is not a template per level.", f"It looks like {EXAMPLE!r}.")
    unknown = sorted(set(content) - set(_LEVELS))
    if unknown:
        raise InvalidArguments(f"{where} has {unknown[0]!r}; levels are {', '.join(_LEVELS)}.", "Correct it.")
    return {level: NameTemplate.read(content[level]) for level in _LEVELS if level in content}
