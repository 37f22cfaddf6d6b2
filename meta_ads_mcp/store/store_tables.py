"""Define the tables of the local store: one row per column, with its SQL type and its meaning.

Parquet files, the loading of rows, the views of queries and the documentation all derive from these rows. Money is in
major units of the account's currency. Days are days in the account's time zone.
"""

from __future__ import annotations

from dataclasses import dataclass

MONEY, COUNT, FIGURE, TEXT, FIGURES = "DECIMAL(18,4)", "BIGINT", "DOUBLE", "VARCHAR", "MAP(VARCHAR, DOUBLE)"
ACCOUNT_COLUMN = "account_id"

# Events with a column of their own, as `analysis.actions` names them. All others are in `events`.
EVENT_COLUMNS = (
    "purchase",
    "lead",
    "complete_registration",
    "app_install",
    "subscribe",
    "start_trial",
    "submit_application",
    "schedule",
    "contact",
    "messaging_conversation_started",
    "initiate_checkout",
    "add_payment_info",
    "add_to_cart",
    "view_content",
    "landing_page_view",
    "video_view",
    "post_engagement",
)
VALUE_COLUMNS = ("purchase_value", "lead_value")


@dataclass(frozen=True)
class TableColumn:
    """A column: its name, its SQL type, and its meaning for a person who writes SQL."""

    name: str
    sql_type: str
    meaning: str


@dataclass(frozen=True)
class StoreTable:
    """A table of the store. `key` orders its rows; `day` is the column by which files are divided into years.

    Without `day` an account has one file. `restate_days` says for how many days Meta may still change a row.
    """

    name: str
    meaning: str
    columns: tuple[TableColumn, ...]
    key: tuple[str, ...]
    day: str | None = "date"
    restate_days: int = 28

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def struct(self) -> dict[str, str]:
        """Return the types by column, as DuckDB's `from_json` takes them."""
        return {column.name: column.sql_type for column in self.columns}


def _columns(*rows: tuple[str, str, str]) -> tuple[TableColumn, ...]:
    return tuple(TableColumn(*row) for row in rows)


_DATE = ("date", "DATE", "day in the account's time zone")
_CURRENCY = ("currency", TEXT, "currency of all money in the row; never add rows of different currencies")
_CAMPAIGN = (("campaign_id", TEXT, "campaign"), ("campaign_name", TEXT, "name when the row was read"))
_DELIVERY = (
    ("spend", MONEY, "spend in major units of `currency`"),
    ("impressions", COUNT, "impressions"),
    ("clicks", COUNT, "clicks of all kinds"),
    ("link_clicks", COUNT, "clicks on links"),
)
_EVENTS = (
    *((name, FIGURE, f"{name.replace('_', ' ')} events, each counted once") for name in EVENT_COLUMNS),
    ("purchase_value", FIGURE, "value of purchases in major units of `currency`"),
    ("lead_value", FIGURE, "value of leads in major units of `currency`"),
    ("events", FIGURES, "every event by name, also those without a column: events['link_click']"),
    ("event_values", FIGURES, "values of events in major units of `currency`, by name"),
)
_READING = (
    ("attribution", TEXT, "attribution setting of the ad set, such as 7d_click_1d_view"),
    ("is_final", "BOOLEAN", "true once the row is older than 28 days: Meta no longer changes it"),
    ("synced_at", "TIMESTAMP", "when the row was read, in UTC"),
)

INSIGHTS_DAILY = StoreTable(
    "insights_daily",
    "One row per ad and day with delivery: spend, delivery, events and values.",
    _columns(
        _DATE,
        *_CAMPAIGN,
        ("ad_set_id", TEXT, "ad set"),
        ("ad_set_name", TEXT, "name when the row was read"),
        ("ad_id", TEXT, "ad"),
        ("ad_name", TEXT, "name when the row was read"),
        _CURRENCY,
        *_DELIVERY,
        ("reach", COUNT, "people reached that day; cannot be added over days or ads"),
        *_EVENTS,
        *_READING,
    ),
    ("date", "ad_id"),
)


def _breakdown(name: str, meaning: str, *dimensions: str) -> StoreTable:
    return StoreTable(
        f"insights_by_{name}",
        f"One row per campaign, day and {meaning}. Filled by ads_sync with breakdowns=[{name}].",
        _columns(
            _DATE,
            *_CAMPAIGN,
            *((dimension, TEXT, f"Meta's value of {dimension}") for dimension in dimensions),
            _CURRENCY,
            *_DELIVERY,
            *_EVENTS,
            *_READING,
        ),
        ("date", "campaign_id", *dimensions),
    )


BREAKDOWNS: dict[str, tuple[StoreTable, tuple[str, ...]]] = {
    name: (_breakdown(name, meaning, *dimensions), dimensions)
    for name, meaning, dimensions in (
        ("age_gender", "age range and gender", ("age", "gender")),
        ("country", "country", ("country",)),
        ("platform", "platform and placement", ("publisher_platform", "platform_position")),
        ("device", "kind of device", ("device_platform",)),
    )
}

STRUCTURE = StoreTable(
    "structure",
    "States of campaigns, ad sets, ads and creatives: one row per object and state. For a day, select the rows with "
    "valid_from <= day and valid_until >= day.",
    _columns(
        ("valid_from", "DATE", "first day on which a snapshot shows the object in this state"),
        ("valid_until", "DATE", "last day on which a snapshot shows it"),
        ("level", TEXT, "campaign, ad_set, ad or creative"),
        ("id", TEXT, "object"),
        ("name", TEXT, "name"),
        ("campaign_id", TEXT, "campaign of an ad set or ad"),
        ("ad_set_id", TEXT, "ad set of an ad"),
        ("creative_id", TEXT, "creative of an ad"),
        ("status", TEXT, "what the user set: ACTIVE, PAUSED, …"),
        ("effective_status", TEXT, "what Meta makes of it, such as CAMPAIGN_PAUSED"),
        ("objective", TEXT, "objective of a campaign"),
        ("optimization_goal", TEXT, "goal of an ad set"),
        ("bid_strategy", TEXT, "bid strategy"),
        _CURRENCY,
        ("daily_budget", MONEY, "daily budget in major units of `currency`"),
        ("lifetime_budget", MONEY, "lifetime budget in major units of `currency`"),
        ("bid_amount", MONEY, "bid or cap in major units of `currency`"),
        ("start_time", TEXT, "ISO 8601"),
        ("end_time", TEXT, "ISO 8601"),
        ("targeting", TEXT, "summary of an ad set's targeting"),
        ("text", TEXT, "primary text of a creative"),
        ("title", TEXT, "headline of a creative"),
        ("synced_at", "TIMESTAMP", "when the state was last read, in UTC"),
    ),
    ("level", "id", "valid_from"),
    day=None,
)
CHANGES = StoreTable(
    "changes",
    "The account's activity log: who changed what, with the values before and after.",
    _columns(
        _DATE,
        ("time", "TIMESTAMP", "when it happened, in UTC"),
        ("actor", TEXT, "who did it"),
        ("actor_kind", TEXT, "person, app or meta"),
        ("application", TEXT, "app through which it was done"),
        ("event_type", TEXT, "Meta's type, such as update_campaign_budget"),
        ("text", TEXT, "what happened, with short values before and after"),
        ("object_kind", TEXT, "campaign, ad_set, ad, account, …"),
        ("object_id", TEXT, "object"),
        ("object_name", TEXT, "its name"),
        ("value_before", TEXT, "value before; text, or JSON"),
        ("value_after", TEXT, "value after; text, or JSON"),
        ("synced_at", "TIMESTAMP", "when the row was read, in UTC"),
    ),
    ("date", "time", "event_type", "object_id", "text"),
    restate_days=1,
)
ACCOUNT_COLUMNS = _columns(
    ("account_id", TEXT, "account, act_…"),
    ("account_name", TEXT, "name"),
    ("currency", TEXT, "currency (ISO 4217)"),
    ("timezone_name", TEXT, "time zone of the account's days"),
    ("account_status", COUNT, "Meta's number of the status; 1 is active"),
    ("first_day", "DATE", "first day in insights_daily"),
    ("last_day", "DATE", "last day in insights_daily, which may be incomplete"),
    ("synced_at", "TIMESTAMP", "when the account was last synced, in UTC"),
)

TABLES: dict[str, StoreTable] = {
    table.name: table for table in (INSIGHTS_DAILY, *(entry[0] for entry in BREAKDOWNS.values()), STRUCTURE, CHANGES)
}
# Columns with amounts in the row's currency.
MONEY_COLUMNS = frozenset(
    column.name for table in TABLES.values() for column in table.columns if "units of `currency`" in column.meaning
)
# The view of accounts has no files of its own.
ACCOUNTS = "accounts"


def view_columns(name: str) -> tuple[TableColumn, ...]:
    """Return the columns of a view: those of the table behind the account."""
    if name == ACCOUNTS:
        return ACCOUNT_COLUMNS
    return (TableColumn(ACCOUNT_COLUMN, TEXT, "account, act_…"), *TABLES[name].columns)
