"""Addresses in arguments are public, and hold nothing that their reader does not see."""

from __future__ import annotations

import pytest

from meta_ads_mcp.web.addresses import public_url


@pytest.mark.parametrize("hidden", ["\r\n", "\x00", "\t", "\u202e", "\u200b", "\x7f"])
def test_control_and_invisible_characters_are_refused(hidden: str) -> None:
    with pytest.raises(ValueError, match="control or invisible"):
        public_url(f"https://shop.example.com/a{hidden}b")


@pytest.mark.parametrize("address", ["https://shop.example.com/a?utm={{campaign.name}}", "https://köln.example/ü"])
def test_macros_and_other_scripts_pass(address: str) -> None:
    assert public_url(address) == address
