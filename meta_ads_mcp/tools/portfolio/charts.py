"""Draw the portfolio: one panel per currency."""

from __future__ import annotations

from meta_ads_mcp.analysis.charts.panels import Heading, Panel
from meta_ads_mcp.analysis.charts.pictures import keep_largest, pictures
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.values.text import clean
from meta_ads_mcp.tools.portfolio.totals import Portfolio


def portfolio_pictures(call: Call, found: Portfolio, preset: str) -> list[bytes]:
    """Spend of each account, a panel per currency."""
    days = " to ".join(found.days) if found.days else preset
    zones = {one.timezone for one in found.delivered}
    zone = zones.pop() if len(zones) == 1 else "days of each account's own time zone"
    heading = Heading(f"Spend of {len(found.delivered)} ad accounts", f"{days} · {zone}")
    return pictures(call, heading, of_portfolio(found), lying=True)


def of_portfolio(found: Portfolio) -> list[Panel]:
    """A panel per currency: bars of different currencies have no common axis."""
    return [
        keep_largest(
            Panel(
                f"Spend, {currency}",
                [_named(one.name, one.id) for one in lines],
                [one.figures["spend"] for one in lines],
            )
        )
        for currency, lines in found.by_currency().items()
    ]


def _named(name: str, otherwise: str) -> str:
    return clean(name, 40) or otherwise
