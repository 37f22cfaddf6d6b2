"""The rate-limit headers that come with every answer. Source: docs marketing-api/overview/rate-limiting."""

from __future__ import annotations

import json
from dataclasses import dataclass

# The quotas of catalogs, which are counted for each catalog. The page names them "Catalog Batch" and "Catalog
# Management"; its list of the values of `type` leaves them out.
CATALOG_BATCH, CATALOG_MANAGEMENT = "catalog_batch", "catalog_management"
BATCH_EDGES = frozenset({"items_batch", "check_batch_request_status"})


@dataclass
class Usage:
    """Percentages of allowance as the headers show them; low unless a test raises them."""

    tier: str = "standard_access"
    app_percent: int = 3
    account_percent: float = 2.5
    insights_percent: int = 4
    catalog_percent: int = 2
    regain_minutes: int = 0
    reset_seconds: int = 100

    def headers(self, version: str, account: str, edge: str, catalog: str = "") -> dict[str, str]:
        """Return the headers of one answer.

        `account` is the id without `act_`, empty for calls outside an account; `catalog` that of a call on a catalog.
        """
        headers_so_far = {"facebook-api-version": version, "x-app-usage": self._app()}
        if account:
            kind = "ads_insights" if edge == "insights" else "ads_management"
            headers_so_far |= {
                "x-business-use-case-usage": self._business(account, kind),
                "x-ad-account-usage": self._account(),
            }
        if catalog:
            kind = CATALOG_BATCH if edge in BATCH_EDGES else CATALOG_MANAGEMENT
            headers_so_far["x-business-use-case-usage"] = self._business(catalog, kind)
        if edge == "insights":
            headers_so_far["x-fb-ads-insights-throttle"] = self._insights()
        return headers_so_far

    def _app(self) -> str:
        percent = self.app_percent
        return json.dumps({"call_count": percent, "total_time": percent, "total_cputime": percent})

    def _account(self) -> str:
        headers_so_far = {"acc_id_util_pct": self.account_percent, "reset_time_duration": self.reset_seconds}
        return json.dumps(headers_so_far | {"ads_api_access_tier": self.tier})

    def _business(self, account: str, kind: str) -> str:
        percents = {"ads_insights": self.insights_percent, CATALOG_BATCH: self.catalog_percent}
        percent = percents.get(kind, self.catalog_percent if kind == CATALOG_MANAGEMENT else self.app_percent)
        entry = {"type": kind, "call_count": percent, "total_cputime": percent, "total_time": percent}
        entry |= {"estimated_time_to_regain_access": self.regain_minutes, "ads_api_access_tier": self.tier}
        return json.dumps({account: [entry]})

    def _insights(self) -> str:
        percent = self.insights_percent
        return json.dumps({"app_id_util_pct": percent, "acc_id_util_pct": percent, "ads_api_access_tier": self.tier})
