"""Draw the portfolio: one panel per currency."""

from __future__ import annotations

from meta_ads_mcp.analysis.charts.panels import Heading, Panel
from meta_ads_mcp.analysis.charts.pictures import draw_pictures, keep_first
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.values.text import clean
from meta_ads_mcp.tools.portfolio.totals import Portfolio


def portfolio_pictures(call: Call, portfolio: Portfolio, preset: str) -> list[bytes]:
    """Draw the spend of each account as PNG, with a panel per currency."""
    days = " to ".join(portfolio.days) if portfolio.days else preset
    zones = {account.timezone for account in portfolio.delivered}
    zone = zones.pop() if len(zones) == 1 else "days of each account's own time zone"
    heading = Heading(f"Spend of {len(portfolio.delivered)} ad accounts", f"{days} · {zone}")
    return draw_pictures(call, heading, currency_panels(portfolio), horizontal=True)


def currency_panels(portfolio: Portfolio) -> list[Panel]:
    """Return a panel per currency, because bars of different currencies have no common axis."""
    return [
        keep_first(
            Panel(
                f"Spend, {currency}",
                [clean(account.name, 40) or account.id for account in accounts],
                [account.figures["spend"] for account in accounts],
            )
        )
        for currency, accounts in portfolio.by_currency().items()
    ]
