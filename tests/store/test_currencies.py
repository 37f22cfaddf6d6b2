"""Queries over accounts of several currencies: which may add or compare different ones, and which cannot."""

from __future__ import annotations

import pytest

from meta_ads_mcp.store.statement import check_statement
from meta_ads_mcp.store.views import VIEWS

MIXING = (
    "SELECT sum(spend) FROM insights_daily",
    "SELECT date, sum(spend) FROM insights_daily GROUP BY date",
    "SELECT sum(spend) FROM insights_daily WHERE currency <> ''",
    "SELECT sum(s) FROM (SELECT account_id, sum(spend) s FROM insights_daily GROUP BY 1)",
    "WITH a AS (SELECT currency, sum(spend) AS s FROM insights_daily GROUP BY 1) SELECT sum(s) FROM a",
    "SELECT currency, sum(spend) AS s, sum(sum(spend)) OVER () AS total FROM insights_daily GROUP BY currency",
    "SELECT account_id, spend, sum(spend) OVER (ORDER BY date) FROM insights_daily",
    "SELECT sum(CASE WHEN currency = 'EUR' THEN spend ELSE spend END) FROM insights_daily",
    (
        "SELECT sum(x) FROM (SELECT spend AS x FROM insights_daily WHERE account_id='act_1' UNION ALL "
        "SELECT spend FROM insights_daily WHERE account_id='act_2')"
    ),
    "SELECT sum(x) FROM (SELECT 0 AS x UNION ALL SELECT spend FROM insights_daily)",
    (
        "SELECT (SELECT sum(spend) FROM insights_daily WHERE account_id='act_1') + (SELECT sum(spend) "
        "FROM insights_daily WHERE account_id='act_2')"
    ),
    (
        "SELECT a.s + b.s FROM (SELECT sum(spend) s FROM insights_daily WHERE account_id='act_1') a, "
        "(SELECT sum(spend) s FROM insights_daily WHERE account_id='act_2') b"
    ),
    "SELECT currency, sum(spend) FROM insights_daily GROUP BY ROLLUP (currency)",
    "SELECT currency, date, sum(spend) FROM insights_daily GROUP BY GROUPING SETS ((currency), (date))",
    "SELECT campaign_name, sum(spend) FROM insights_daily GROUP BY ALL",
    "SELECT list_sum(list(spend)) FROM insights_daily",
    "SELECT sum(COLUMNS('spend')) FROM insights_daily",
    "SELECT avg(event_values['purchase']) FROM insights_daily",
    "SELECT sum(daily_budget) FROM structure",
    "SELECT max(bid_amount) FROM structure",
    'SELECT sum("sum(spend)") FROM (SELECT account_id, sum(spend) FROM insights_daily GROUP BY 1)',
    "SELECT s FROM (SELECT sum(q) AS s FROM (SELECT account_id, sum(spend) FROM insights_daily GROUP BY 1) t(a, q))",
    "SELECT date FROM insights_daily GROUP BY date HAVING sum(spend) > 5",
    "SELECT date FROM insights_daily GROUP BY date ORDER BY sum(spend) DESC",
    "SELECT sum(spend) FILTER (WHERE currency IN ('EUR','USD')) FROM insights_daily",
    "SELECT sum(purchase_value) - sum(spend) FROM insights_daily",
    (
        "SELECT sum(spend) / nullif(sum(purchase_value),0) FROM insights_daily WHERE currency = 'EUR' OR "
        "currency = 'USD'"
    ),
    (
        "WITH RECURSIVE r AS (SELECT 1 AS n, 0::DECIMAL(18,4) AS t UNION ALL SELECT n+1, t + (SELECT "
        "sum(spend) FROM insights_daily WHERE account_id='act_1') FROM r WHERE n<3) SELECT * FROM r"
    ),
    (
        "SELECT sum(v) FROM (UNPIVOT (SELECT spend, purchase_value FROM insights_daily) ON spend, "
        "purchase_value INTO NAME n VALUE v)"
    ),
    "SELECT sum(DISTINCT spend) FROM insights_daily",
    "SELECT sum(m.spend) FROM (SELECT DISTINCT ON (currency) currency, spend FROM insights_daily) m",
    "SELECT arg_max(ad_name, spend) FROM insights_daily",
)
SAFE = (
    "SELECT currency, sum(spend) FROM insights_daily GROUP BY 1",
    "SELECT currency, sum(spend) FROM insights_daily GROUP BY ALL",
    "SELECT date, sum(spend) FROM insights_daily WHERE account_id = 'act_1' GROUP BY date",
    "SELECT sum(spend) FILTER (WHERE currency = 'EUR') AS eur FROM insights_daily",
    "SELECT sum(clicks) FROM insights_daily",
    "SELECT count(spend) FROM insights_daily",
    "SELECT account_id, date, sum(spend) OVER (PARTITION BY account_id ORDER BY date) FROM insights_daily",
    "SELECT campaign_id, any_value(campaign_name), sum(spend) FROM insights_daily GROUP BY campaign_id",
    (
        "WITH a AS (SELECT currency AS c, sum(spend) AS s FROM insights_daily GROUP BY 1) SELECT c, "
        "sum(s) FROM a GROUP BY c"
    ),
    "SELECT account_id AS a, sum(spend) + sum(purchase_value) FROM insights_daily GROUP BY a",
    "SELECT date, spend, currency FROM insights_daily ORDER BY spend DESC",
    (
        "SELECT currency, sum(spend) FROM insights_daily WHERE account_id = 'act_1' AND date > "
        "current_date - 3 GROUP BY GROUPING SETS ((currency), ())"
    ),
    (
        "SELECT currency, sum(x) FROM (SELECT currency, spend AS x FROM insights_daily UNION ALL SELECT "
        "currency, spend FROM insights_by_country) GROUP BY 1"
    ),
    "SELECT name, daily_budget FROM structure",
    "FROM (SELECT account_id, spend, country FROM insights_by_country) PIVOT (sum(spend) FOR country IN ('DE','US'))",
)


@pytest.mark.parametrize("sql", MIXING)
def test_money_of_several_currencies_is_noticed(sql: str) -> None:
    assert check_statement(sql, VIEWS).mixes_money


@pytest.mark.parametrize("sql", SAFE)
def test_money_of_one_currency_is_no_mixture(sql: str) -> None:
    assert not check_statement(sql, VIEWS).mixes_money
