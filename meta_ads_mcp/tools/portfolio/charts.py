"""Draw the portfolio: the accounts of each currency, and both windows of a comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from meta_ads_mcp.analysis.charts.axes import figure, percent, price
from meta_ads_mcp.analysis.charts.panels import Bar, BarColumn, Heading, RowChart, RowPanel
from meta_ads_mcp.analysis.charts.pictures import NO_PICTURE, NO_ROWS, Picture, draw_chart
from meta_ads_mcp.analysis.charts.words import cost_words, days_between, event_words
from meta_ads_mcp.analysis.numbers import Number, change_pct, ratio, total
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.values.dates import TimeRange, parse_day
from meta_ads_mcp.core.values.text import clean
from meta_ads_mcp.tools.portfolio.totals import EVENTS, AccountFigures, Portfolio
from meta_ads_mcp.tools.portfolio.two_windows import AccountWindows, ComparedPortfolio

# Accounts of a currency; the others are summed up in a line of text.
MAX_ACCOUNTS = 14
Columns = Callable[[Sequence[Any], str], list[BarColumn]]
# A change that a title names, in percent.
MIN_CHANGE = 10


def portfolio_picture(call: Call, portfolio: Portfolio, preset: str) -> Picture:
    """Draw the spend of each account and its cost per click, with a panel per currency."""
    groups = portfolio.by_currency()
    if not groups:
        call.note(NO_ROWS)
        return NO_PICTURE
    days = _days_text(portfolio.delivered[0].days, preset)
    zones = {account.timezone for account in portfolio.delivered}
    zone = zones.pop() if len(zones) == 1 else "days of each account's own time zone"
    heading = Heading(_title(groups), f"{len(portfolio.delivered)} ad accounts · {days} ({zone})")
    return draw_chart(call, RowChart(heading, _panels(groups, _columns)), f"chart-portfolio-{days}")


def _days_text(days: tuple[str, str] | None, preset: str) -> str:
    first, last = (parse_day(day) for day in days) if days else (None, None)
    return days_between(first, last) if first and last else preset.replace("_", " ")


def _title(groups: dict[str, list[AccountFigures]]) -> str:
    """Name the account with the largest share of its currency, or the totals."""
    totals = {currency: total(account.figures["spend"] for account in each) for currency, each in groups.items()}
    money = ", ".join(f"{figure(spend)} {currency}" for currency, spend in totals.items())
    currency, each = max(groups.items(), key=lambda item: len(item[1]))
    largest = max(each, key=lambda account: account.figures["spend"])
    share = ratio(largest.figures["spend"], totals[currency], 100)
    if len(each) < 2 or share is None:
        return f"{sum(map(len, groups.values()))} accounts spent {money}"
    return f"{_name(largest)} makes {share:.0f} % of the spend in {currency}"


def _name(account: AccountFigures) -> str:
    return clean(account.name, 60) or account.id


def _panels(
    groups: Mapping[str, Sequence[Any]], columns: Columns, marked_item: Any = None, *, is_comparison: bool = False
) -> list[RowPanel]:
    """Return a panel per currency, or one of all accounts if each has a currency of its own.

    Bars of different currencies have no common axis, and a single bar has nothing to be compared with.
    """
    if not is_comparison and all(len(each) == 1 for each in groups.values()):
        everything = [item for each in groups.values() for item in each]
        return [_panel("", everything, columns, marked_item, titles=True)]
    return [
        _panel(currency, each, columns, marked_item, titles=not number)
        for number, (currency, each) in enumerate(groups.items())
    ]


def _panel(currency: str, items: Sequence[Any], columns: Columns, marked_item: Any, *, titles: bool) -> RowPanel:
    visible, others = items[:MAX_ACCOUNTS], items[MAX_ACCOUNTS:]
    marks = frozenset(index for index, item in enumerate(visible) if item is marked_item)
    each = [replace(column, title=column.title if titles else "") for column in columns(visible, currency)]
    return RowPanel([_name(_account(item)) for item in visible], each, currency, marks, _rest(others, currency))


def _account(item: AccountFigures | AccountWindows) -> AccountFigures:
    return item.account if isinstance(item, AccountWindows) else item


def _money(value: Number | None, account: AccountFigures, currency: str, write: Callable[[Number], str]) -> str:
    """Write an amount, with its currency if the panel has several."""
    return "–" if value is None else f"{write(value)}{'' if currency else f' {account.currency}'}"


def _columns(accounts: Sequence[AccountFigures], currency: str) -> list[BarColumn]:
    spend = [account.figures["spend"] for account in accounts]
    cost = [ratio(account.figures["spend"], account.figures.get("clicks")) for account in accounts]
    has_bars = bool(currency) and len(accounts) > 1
    bars = [
        Bar(value if has_bars else None, _money(value, account, currency, figure))
        for value, account in zip(spend, accounts, strict=True)
    ]
    costs = [_money(value, account, currency, price) for value, account in zip(cost, accounts, strict=True)]
    return [
        BarColumn("Spend", bars, wide=bool(currency)),
        BarColumn("Results", [Bar(None, _first_event(account)) for account in accounts]),
        BarColumn("Cost per click", [Bar(None, text) for text in costs]),
    ]


def _first_event(account: AccountFigures) -> str:
    """Return the count of the deepest event of an account."""
    event = next((name for name in EVENTS if account.figures.get(name)), None)
    return f"{figure(account.figures[event])} {event_words(event)}" if event else "–"


def _rest(others: Sequence[AccountFigures | AccountWindows], currency: str) -> str:
    spend = [item.now.spend if isinstance(item, AccountWindows) else item.figures["spend"] for item in others]
    return f"{len(spend)} other accounts: {figure(total(spend))} {currency}." if spend else ""


def comparison_picture(call: Call, compared: ComparedPortfolio) -> Picture:
    """Draw the spend, the results and their cost of each account in both windows, with a panel per currency."""
    each = sorted((item for item in compared.accounts if item.delivered), key=lambda item: -item.now.spend)
    if not each:
        call.note(NO_ROWS)
        return NO_PICTURE
    groups: dict[str, list[AccountWindows]] = {}
    for item in each:
        groups.setdefault(item.account.currency, []).append(item)
    title, marked_item = _finding(each)
    panels = _panels(dict(sorted(groups.items())), _compared_columns, marked_item, is_comparison=True)
    pair = each[0].pair
    names = (_window_text(pair.now), _window_text(pair.before))
    zones = "" if compared.pair else " (days of each account's own time zone)"
    heading = Heading(title, f"{len(each)} ad accounts · {names[0]} against {names[1]}{zones}")
    return draw_chart(call, RowChart(heading, panels, names), f"chart-portfolio-{names[0]}-compared")


def _window_text(days: TimeRange) -> str:
    return days_between(days.first, days.last)


def _finding(each: Sequence[AccountWindows]) -> tuple[str, AccountWindows | None]:
    """Name the account whose cost per result changed most, or else the one whose spend did."""
    for metric in ("cost_per_result", "spend"):
        changes = [(change, item) for item in each if (change := _change(item, metric)) is not None]
        change, item = max(changes, key=lambda pair: abs(pair[0]), default=(None, None))
        if change is not None and item is not None and abs(change) >= MIN_CHANGE:
            return _change_text(item, metric, change), item
    return "Spend and costs of all accounts are about the same as before", None


def _change(item: AccountWindows, metric: str) -> Number | None:
    return change_pct(item.now.metric(metric), item.before.metric(metric))


def _change_text(item: AccountWindows, metric: str, change: Number) -> str:
    name, currency = _name(item.account), item.account.currency
    before, now = item.before.metric(metric), item.now.metric(metric)
    if metric == "spend":
        return f"{name} spends {percent(change)}: {figure(before or 0)} → {figure(now or 0)} {currency}"
    cost = cost_words(item.event or "result")
    return f"{name}: {cost} {percent(change)}, from {price(before)} to {price(now)} {currency}"


def _compared_columns(items: Sequence[AccountWindows], currency: str) -> list[BarColumn]:
    return [
        BarColumn("Spend", [_spend(item, currency) for item in items], wide=True),
        BarColumn("Results", [_results(item) for item in items]),
        BarColumn("Cost per result", [_cost(item, currency) for item in items]),
    ]


def _spend(item: AccountWindows, currency: str) -> Bar:
    text = _money(item.now.spend, item.account, currency, figure)
    return Bar(item.now.spend, _with_change(text, _change(item, "spend")), item.before.spend)


def _results(item: AccountWindows) -> Bar:
    if item.event is None or item.now.results is None:
        return Bar(None, "–")
    text = f"{figure(item.now.results)} {event_words(item.event)}"
    return Bar(None, _with_change(text, _change(item, "results")))


def _cost(item: AccountWindows, currency: str) -> Bar:
    cost = item.now.metric("cost_per_result")
    if cost is None or item.event is None:
        return Bar(None, "–")
    text = _money(cost, item.account, currency, price)
    return Bar(None, _with_change(text, _change(item, "cost_per_result")))


def _with_change(text: str, change: Number | None) -> str:
    return text if change is None else f"{text} ({percent(change)})"
