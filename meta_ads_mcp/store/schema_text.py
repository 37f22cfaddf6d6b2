"""Describe the views of the local store for a model that writes SQL: columns, rules and examples."""

from __future__ import annotations

import json
from functools import cache

from meta_ads_mcp.store.store_tables import ACCOUNTS, TABLES, view_columns

RULES = (
    "One SELECT in DuckDB's SQL. Only these views, no files, no settings.",
    "Money is in major units of the row's currency: GROUP BY currency, and never add different currencies.",
    "Days are days in each account's time zone. Today's row is incomplete.",
    "is_final=false rows are younger than 28 days: Meta may still change their conversions.",
    "reach cannot be added over days or ads.",
    "Rates are computed from sums: sum(spend) / nullif(sum(purchase), 0), not avg of daily rates.",
    "An event without a column is in a map: events['link_click'], event_values['purchase'].",
    "The latest states: QUALIFY valid_until = max(valid_until) OVER (PARTITION BY account_id).",
    "The last snapshot may be of an earlier day than current_date.",
    "Write AS before an alias that is a word of SQL, such as week or month.",
    "date is a DATE: date >= current_date - 30. current_date is this machine's day.",
)
EXAMPLES = {
    "Spend and cost per purchase by account, last 30 days": (
        "SELECT account_id, currency, sum(spend) AS spend, sum(purchase) AS purchases, "
        "sum(spend) / nullif(sum(purchase), 0) AS cost_per_purchase FROM insights_daily "
        "WHERE date >= current_date - 30 GROUP BY ALL ORDER BY spend DESC"
    ),
    "Weekly spend and return of one account": (
        "SELECT date_trunc('week', date) AS week, sum(spend) AS spend, sum(purchase_value) / nullif(sum(spend), 0) AS "
        "roas FROM insights_daily WHERE account_id = 'act_123' GROUP BY ALL ORDER BY week"
    ),
    "The ads that spent most without a purchase": (
        "SELECT ad_id, any_value(ad_name) AS ad, currency, sum(spend) AS spend FROM insights_daily "
        "WHERE date >= current_date - 14 GROUP BY ad_id, currency HAVING coalesce(sum(purchase), 0) = 0 "
        "ORDER BY spend DESC LIMIT 10"
    ),
    "Seven-day moving average of spend per campaign": (
        "SELECT campaign_name, date, avg(sum(spend)) OVER (PARTITION BY campaign_id ORDER BY date ROWS BETWEEN 6 "
        "PRECEDING AND CURRENT ROW) AS spend_7d FROM insights_daily GROUP BY campaign_id, campaign_name, date"
    ),
    "What the account looked like on a day": (
        "SELECT level, name, effective_status, daily_budget, currency FROM structure WHERE account_id = 'act_123' AND "
        "DATE '2026-11-01' BETWEEN valid_from AND valid_until ORDER BY level, name"
    ),
    "Campaigns that are on now, with their budgets": (
        "SELECT account_id, name, daily_budget, currency FROM structure WHERE level = 'campaign' QUALIFY valid_until = "
        "max(valid_until) OVER (PARTITION BY account_id) AND effective_status = 'ACTIVE'"
    ),
    "Who changed budgets": (
        "SELECT time, actor, object_name, value_before, value_after FROM changes WHERE event_type LIKE '%budget%' "
        "ORDER BY time DESC LIMIT 20"
    ),
    "Cost per lead by age and gender": (
        "SELECT age, gender, currency, sum(spend) / nullif(sum(lead), 0) AS cost_per_lead FROM insights_by_age_gender "
        "GROUP BY ALL ORDER BY cost_per_lead"
    ),
}


@cache
def schema_text() -> str:
    """Return the schema as JSON: the rules, the views with their columns, and examples by question."""
    views = {
        name: {
            "rows": TABLES[name].meaning if name in TABLES else "One row per account of the store.",
            "columns": {column.name: f"{column.sql_type}: {column.meaning}" for column in view_columns(name)},
        }
        for name in (ACCOUNTS, *TABLES)
    }
    return json.dumps({"rules": RULES, "views": views, "examples": EXAMPLES}, ensure_ascii=False, separators=(",", ":"))
