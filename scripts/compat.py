"""Run other people's clients of Meta's API against the sandbox, and write what came out into docs/sandbox.md.

    python -m scripts.compat [node] [tap-facebook] [airbyte]

Each client is installed in an environment of its own below build/compat/, from npm or PyPI, and runs against a sandbox
on the loopback address: Meta's Node SDK over every edge that the sandbox serves, tap-facebook and Airbyte's source over
all their streams. Takes some minutes and the network for the installation.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from meta_ads_mcp.sandbox import SandboxTransport, World
from meta_ads_mcp.sandbox.edges import registry
from meta_ads_mcp.sandbox.http_server import SandboxServer
from scripts.compat_page import REASONS, Outcome, Row, section, write_page

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "compat"
CLIENTS = Path(__file__).resolve().parent / "compat_clients"
TIMEOUT_SECONDS = 1500
DAYS = 1  # of insights that the data pipelines read, up to today
OBJECT_DAYS = 800  # within which Airbyte's source reads changed objects: the age of the sandbox's world
ADS = 60  # of the account; the pipelines read each of them, and its figures page by page

FORMAT = {"ad_format": "MOBILE_FEED_STANDARD"}
US = {"geo_locations": {"countries": ["US"]}}
# Params without which an edge is refused, by Graph too.
REQUIRED: dict[str, dict[str, Any]] = {
    "Ad/previews": FORMAT,
    "AdCreative/previews": FORMAT,
    "AdAccount/reachestimate": {"targeting_spec": US},
    "AdAccount/delivery_estimate": {"targeting_spec": US, "optimization_goal": "LINK_CLICKS"},
    "AdAccount/targetingsentencelines": {"targeting_spec": US},
    "Page/insights": {"metric": ["page_follows"]},
    "AdAccount/insights": {"level": "ad", "date_preset": "last_7d"},
}
OF_BUSINESS = (
    "AdAccount/assigned_users",
    "AdsPixel/assigned_users",
    "AdsPixel/shared_accounts",
    "Page/assigned_users",
    "ProductCatalog/assigned_users",
)
BY_LABELS = ("adcreativesbylabels", "adsbylabels", "adsetsbylabels", "campaignsbylabels")
OF_PAGES = {"Page", "PagePost", "Comment", "LeadgenForm"}
# Edges of objects that only a write makes.
NOT_LISTED = {"AdReportRun", "AdAsyncRequestSet", "AdLabel", "HighDemandPeriod", "Root"}


# -- environments -----------------------------------------------------------------------------------------------------


def python_environment(name: str, package: str) -> tuple[Path, str]:
    """Install a package in a virtual environment; return its interpreter and the version of the package."""
    folder = BUILD / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        venv.create(folder, with_pip=True)
    run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package])
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return python, run([str(python), "-c", code]).stdout.strip()


def node_environment() -> tuple[Path, str]:
    """Install Meta's Node SDK; return the folder and the version."""
    folder = BUILD / "node"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}', encoding="utf-8")
    run(["npm", "install", "--no-audit", "--no-fund", "--silent", "facebook-nodejs-business-sdk"], folder)
    package = folder / "node_modules" / "facebook-nodejs-business-sdk" / "package.json"
    return folder, str(json.loads(package.read_text(encoding="utf-8"))["version"])


def run(command: list[str], folder: Path = ROOT, *, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; its errors are shown where it fails."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    process = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS
    )
    if check and process.returncode:
        sys.exit(f"{command[0]} failed:\n{process.stdout[-2000:]}{process.stderr[-4000:]}")
    return process


@contextmanager
def sandbox() -> Iterator[SandboxServer]:
    """Serve a new, small sandbox on a free port."""
    world = World(today=datetime.now(UTC), accounts=2, ads=ADS)
    with SandboxServer(SandboxTransport(world, max_logged=1)) as server:
        yield server


# -- Node SDK ---------------------------------------------------------------------------------------------------------


def run_node_sdk() -> Outcome:
    """Read and write everything through Meta's Node SDK."""
    folder, version = node_environment()
    with sandbox() as server:
        plan = folder / "plan.json"
        plan.write_text(json.dumps(node_plan(server)), encoding="utf-8")
        process = run(["node", str(CLIENTS / "run_node.js"), server.url, server.token, str(plan)], folder)
    records_read = [json.loads(line) for line in process.stdout.splitlines() if line.startswith("{")]
    return Outcome(
        "Node SDK (facebook-nodejs-business-sdk)", version, [Row(r["name"], None, r["problem"]) for r in records_read]
    )


def node_plan(server: SandboxServer) -> dict[str, Any]:
    """What the Node runner needs: objects to read with their edges, and params of objects to make."""
    store = server.transport.world.store
    account = f"act_{server.transport.world.account_ids[0]}"
    page = store.nodes[server.transport.world.page_ids[0]]
    lists = list(served_lists(server))
    nodes = {item["type"]: item["id"] for item in lists}
    image = store.children(account, "adimages")[0].get("hash")
    link = {"link": "https://shop.example/", "image_hash": image, "message": "Hi"}
    return {
        "account": account,
        "page_token": page.get("access_token"),
        "campaign_id": store.children(account, "campaigns")[0].id,
        "lists": lists,
        "nodes": [
            {"type": kind, "id": node_id, "of_page": kind in OF_PAGES, "fields": ["id"]}
            for kind, node_id in nodes.items()
        ],
        "campaign": {
            "name": "C", "objective": "OUTCOME_TRAFFIC", "special_ad_categories": [], "status": "PAUSED",
            "is_adset_budget_sharing_enabled": False,
        },
        "ad_set": {
            "name": "S", "billing_event": "IMPRESSIONS", "optimization_goal": "LINK_CLICKS", "targeting": US,
            "daily_budget": 5000, "bid_strategy": "LOWEST_COST_WITHOUT_CAP", "status": "PAUSED",
        },
        "creative": {"name": "K", "object_story_spec": {"page_id": page.id, "link_data": link}},
        "audience": {"name": "L", "subtype": "CUSTOM", "customer_file_source": "USER_PROVIDED_ONLY"},
        "people": {"payload": {"schema": ["EMAIL"], "data": [["0" * 64]]}},
        "png": "iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAYAAAC56t6BAAAAC0lEQVR4nGNgQAUAABUAAQ==",
    }  # fmt: skip


def served_lists(server: SandboxServer) -> Iterator[dict[str, Any]]:
    """Every list that the sandbox serves, with an object of the type that has something on it where there is one."""
    registry.load_handlers()
    store = server.transport.world.store
    creative = store.children(f"act_{server.transport.world.account_ids[0]}", "adcreatives")[0].id
    required = REQUIRED | {"AdAccount/generatepreviews": FORMAT | {"creative": {"creative_id": creative}}}
    required |= {key: {"business": server.transport.world.business_id} for key in OF_BUSINESS}
    writes_first = first_writes(server)
    for kind, method, edge in sorted(registry.HANDLERS):
        if method == "GET" and edge and kind not in NOT_LISTED:
            nodes = [node for node in store.nodes.values() if node.type == kind]
            filled = [node for node in nodes if store.links.get((node.id, edge))]
            params = required.get(f"{kind}/{edge}", {})
            yield {
                "type": kind, "edge": edge, "id": (filled or nodes)[0].id, "params": params, "filled": bool(filled),
                "of_page": kind in OF_PAGES, "first": writes_first.get(f"{kind}/{edge}"),
            }  # fmt: skip


def first_writes(server: SandboxServer) -> dict[str, dict[str, Any]]:
    """Return, per list that names an object of an earlier write, that write and the param that takes its answer."""
    store = server.transport.world.store
    catalog = next(node.id for node in store.nodes.values() if node.type == "ProductCatalog")
    item = store.children(catalog, "products")[0].get("retailer_id")
    change = [{"method": "UPDATE", "data": {"id": item, "price": "9.99 USD"}}]
    label = {"method": "createAdLabel", "params": {"name": "Spring"}, "answer": "id", "param": "ad_label_ids"}
    batch = {
        "method": "createItemsBatch", "params": {"item_type": "PRODUCT_ITEM", "requests": change},
        "answer": "handles", "param": "handle",
    }  # fmt: skip
    by_label = {f"AdAccount/{edge}": label for edge in BY_LABELS}
    return by_label | {"ProductCatalog/check_batch_request_status": batch}


# -- data pipelines ---------------------------------------------------------------------------------------------------


def run_tap() -> Outcome:
    """Sync each stream of tap-facebook (Singer) with all its fields."""
    python, version = python_environment("tap-facebook", "tap-facebook")
    folder = BUILD / "tap-facebook"
    with sandbox() as server:
        config = {
            "start_date": days_ago(DAYS), "account_id": server.transport.world.account_ids[0],
            "access_token": server.token, "insights_buffer_days": 1,
        }  # fmt: skip
        settings = written(folder / "config.json", config)
        command = [str(python), str(CLIENTS / "run_python.py"), server.url, "tap_facebook", "--config", settings]
        catalog = json.loads(run([*command, "--discover"], folder).stdout)
        names = [stream["stream"] for stream in catalog["streams"]]
        rows = [tap_stream(command, folder, catalog, name) for name in names]
    return Outcome("tap-facebook (Singer)", version, rows)


def tap_stream(command: list[str], folder: Path, catalog: Mapping[str, Any], name: str) -> Row:
    """Sync one stream, with every field that the tap knows."""
    selected = json.loads(json.dumps(catalog))
    for stream in selected["streams"]:
        for entry in stream["metadata"]:
            entry["metadata"]["selected"] = stream["stream"] == name
    process = run([*command, "--properties", written(folder / "catalog.json", selected)], folder, check=False)
    records = Counter(message.get("stream") for message in messages(process.stdout) if message.get("type") == "RECORD")
    return Row(name, records[name], "" if process.returncode == 0 else last_error(process.stderr))


def run_airbyte() -> Outcome:
    """Check the connection, discover, and read all streams of Airbyte's source.

    The source leaves out objects that did not change since its start date, so objects are read with an earlier one
    than insights.
    """
    python, version = python_environment("airbyte", "airbyte-source-facebook-marketing")
    folder = BUILD / "airbyte"
    with sandbox() as server:
        command = [str(python), str(CLIENTS / "run_python.py"), server.url, "source_facebook_marketing.run"]
        settings = airbyte_settings(server, folder, DAYS)
        checked = messages(run([*command, "check", "--config", settings], folder, check=False).stdout)
        status: dict[str, Any] = next(
            (item["connectionStatus"] for item in checked if item.get("type") == "CONNECTION_STATUS"), {}
        )
        rows = [
            Row("check", None, "" if status.get("status") == "SUCCEEDED" else str(status.get("message", "no answer")))
        ]
        discovered = messages(run([*command, "discover", "--config", settings], folder).stdout)
        streams = next(item["catalog"]["streams"] for item in discovered if item.get("type") == "CATALOG")
        for days, are_insights in ((DAYS, True), (OBJECT_DAYS, False)):
            names = [str(stream["name"]) for stream in streams if is_insights(stream) is are_insights]
            catalog = {"streams": [chosen(stream) for stream in streams if stream["name"] in names]}
            options = ["--config", airbyte_settings(server, folder, days)]
            options += ["--catalog", written(folder / "catalog.json", catalog)]
            read = run([*command, "read", *options], folder, check=False)
            rows += airbyte_rows(messages(read.stdout), names)
    return Outcome("Airbyte source-facebook-marketing", version, rows)


def airbyte_settings(server: SandboxServer, folder: Path, days: int) -> str:
    """Write the settings of Airbyte's source for the first account, from some days ago on; return the path."""
    config = {
        "account_ids": [server.transport.world.account_ids[0]], "start_date": days_ago(days),
        "end_date": days_ago(0), "insights_lookback_window": 1,
        "credentials": {"auth_type": "Service", "access_token": server.token},
    }  # fmt: skip
    return written(folder / f"config-{days}.json", config)


def is_insights(stream: Mapping[str, Any]) -> bool:
    """Return whether a stream of Airbyte's source reads insights."""
    return str(stream["name"]).startswith("ads_insights")


def chosen(stream: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stream as a part of a configured catalog: to be read from its start."""
    return {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}


def airbyte_rows(records_read: list[dict[str, Any]], names: list[str]) -> list[Row]:
    """Return the records of each stream and its error; a stream without a status COMPLETE was not read to its end."""
    records = Counter(item["record"]["stream"] for item in records_read if item.get("type") == "RECORD")
    traces = [item["trace"] for item in records_read if item.get("type") == "TRACE"]
    errors = {
        (trace["error"].get("stream_descriptor") or {}).get("name"): trace["error"].get("internal_message")
        for trace in traces
        if trace["type"] == "ERROR"
    }
    complete = {
        trace["stream_status"]["stream_descriptor"]["name"]
        for trace in traces
        if trace["type"] == "STREAM_STATUS" and trace["stream_status"]["status"] == "COMPLETE"
    }
    return [
        Row(
            name, records[name], "" if name in complete else str(errors.get(name) or errors.get(None) or "not complete")
        )
        for name in names
    ]


def messages(text: str) -> list[dict[str, Any]]:
    """Return the JSON lines of a program's output."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def written(path: Path, value: Any) -> str:
    """Write JSON to a file; return its path."""
    path.write_text(json.dumps(value), encoding="utf-8")
    return str(path)


def days_ago(days: int) -> str:
    """Return the start of a day in UTC."""
    return f"{(datetime.now(UTC) - timedelta(days=days)).date().isoformat()}T00:00:00Z"


def last_error(text: str) -> str:
    """Return the line of a log that says why a program ended."""
    lines = [line for line in text.splitlines() if re.search("error|critical|exception|message", line, re.IGNORECASE)]
    return (lines or text.splitlines() or ["ended with an error"])[-1].strip()[-300:]


RUNS: dict[str, Callable[[], Outcome]] = {"node": run_node_sdk, "tap-facebook": run_tap, "airbyte": run_airbyte}


def main(names: list[str]) -> int:
    """Run the clients that are named, or all and then write the page. Exit code 1 where something is not explained."""
    outcomes = [RUNS[name]() for name in names or RUNS]
    print(section(outcomes))
    if not names:
        write_page(section(outcomes))
    return int(any(row.problem and row.name not in REASONS for outcome in outcomes for row in outcome.rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
