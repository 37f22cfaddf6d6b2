"""Distil Meta's own SDK into the data that drives the sandbox.

Reads the source of the installed `facebook_business` package (a development dependency; nothing of it is imported) and
writes `meta_ads_mcp/sandbox/data/graph.json`: per class the readable fields, the enums and the edges with their
params. Run it after an update of the SDK:

    python scripts/distill_graph.py

The shape of the file:

    {"version": "v26.0", "sdk": "26.0.3", "classes": {"Campaign": {
        "fields": {"name": "string", ...},
        "enums": {"Status": ["ACTIVE", ...], ...},
        "edges": {"GET ": {"params": {...}, "returns": "Campaign"}, "GET adsets": {"params": {"date_preset": ...}}}}}}

An edge named "" is the node itself. Types are the SDK's own; a type that ends in `_enum` is replaced by
`enum:Class.Enum`, or by `enum:` and the values joined with `|` where the SDK has them only at that place.
"""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import json
import re
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "meta_ads_mcp" / "sandbox" / "data" / "graph.json"

# The nodes whose edges the sandbox may serve; other classes are kept for their fields only.
NODES = """
    Ad AdAccount AdCreative AdImage AdLabel AdReportRun AdRule AdSet AdStudy AdStudyCell AdStudyObjective AdVideo
    AdsPixel AdsPixelCAPIIntegrationQuality AdsValueAdjustmentRuleCollection Business BusinessRoleRequest BusinessUser
    Campaign Comment CustomAudience CustomConversion HighDemandPeriod IGComment IGMedia IGUser Lead LeadgenForm Page
    PagePost
    ProductCatalog ProductFeed ProductFeedRule ProductFeedUpload ProductFeedUploadError ProductItem ProductSet
    PublisherBlockList ReachFrequencyPrediction SavedAudience SystemUser User VideoThumbnail
""".split()

# Edges of a node that return classes of no use here are dropped; these are the ones of two very wide nodes to keep.
KEPT_EDGES = {
    "Page": """ads_posts assigned_users comments feed insights instagram_accounts leadgen_forms
        page_backed_instagram_accounts photos posts published_posts scheduled_posts videos""".split(),
    "User": "accounts ad_studies adaccounts assigned_ad_accounts assigned_business_asset_groups assigned_pages "
    "business_users businesses permissions picture".split(),
    "ProductCatalog": """agencies assigned_users check_batch_request_status data_sources diagnostics event_stats
        external_event_sources items_batch product_feeds product_sets products""".split(),
    "ProductFeed": "products rules upload_schedules uploads".split(),
    "ProductItem": ["product_sets"],
    "ProductSet": ["products"],
}

ENUM_TYPE = re.compile(r"\w+_enum(?:_param)?")
CLASS_NAME = re.compile(r"[A-Z]\w+")


def sdk_folder() -> Path:
    match = importlib.util.find_spec("facebook_business")
    if match is None or not match.submodule_search_locations:
        sys.exit("facebook_business is not installed: uv sync --group dev")
    return Path(match.submodule_search_locations[0])


def api_version(folder: Path) -> str:
    match = re.search(r"'API_VERSION': '(v[0-9.]+)'", (folder / "apiconfig.py").read_text(encoding="utf-8"))
    return match.group(1) if match else ""


def assigned(body: list[ast.stmt], name: str) -> ast.expr | None:
    """The value given to `name` in a list of statements."""
    for statement in body:
        if isinstance(statement, ast.Assign) and any(
            isinstance(t, ast.Name) and t.id == name for t in statement.targets
        ):
            return statement.value
    return None


def string_dict(node: ast.expr | None) -> dict[str, str]:
    """A dict literal of strings; the SDK uses plain names as keys and values."""
    literal = ast.literal_eval(node) if isinstance(node, ast.Dict) else {}
    return {str(key): str(value) for key, value in literal.items()}


def readable(fields: dict[str, str]) -> dict[str, str]:
    """Only what can be asked for.

    The code generator sorts the readable fields, then appends names that exist as params of writes only. So the
    readable ones end where the order breaks (`Campaign.adbatch`, `AdStudy.confidence_level`).
    """
    names = list(fields)
    end = next((i + 1 for i, (a, b) in enumerate(pairwise(names)) if a > b), len(names))
    return {name: fields[name] for name in names[:end]}


def enums_of(cls: ast.ClassDef) -> dict[str, list[str]]:
    enums = {}
    for inner in cls.body:
        if isinstance(inner, ast.ClassDef) and inner.name != "Field":
            values = [
                s.value.value for s in inner.body if isinstance(s, ast.Assign) and isinstance(s.value, ast.Constant)
            ]
            enums[inner.name] = [str(value) for value in values]
    return enums


def enum_reference(node: ast.expr) -> str:
    """`Campaign.DatePreset.__dict__.values()` as `enum:Campaign.DatePreset`, a list literal as its values."""
    if isinstance(node, ast.List):
        return "enum:" + "|".join(str(ast.literal_eval(item)) for item in node.elts)
    return "enum:" + ast.unparse(node).removesuffix(".__dict__.values()")


def enum_references(node: ast.expr | None) -> dict[str, str]:
    if not isinstance(node, ast.Dict):
        return {}
    return {
        ast.literal_eval(k): enum_reference(v) for k, v in zip(node.keys, node.values, strict=True) if k is not None
    }


def request_of(method: ast.FunctionDef) -> dict[str, ast.expr] | None:
    """The keywords of the `FacebookRequest(...)` that a method builds."""
    call = assigned(method.body, "request")
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "FacebookRequest":
        return {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    return None


def edge_of(method: ast.FunctionDef) -> tuple[str, dict[str, Any]] | None:
    request = request_of(method)
    if request is None:
        return None
    enums = enum_references(assigned(method.body, "enums"))
    types = string_dict(assigned(method.body, "param_types"))
    params = {name: ENUM_TYPE.sub(lambda m: enums.get(m[0], m[0]), kind) for name, kind in types.items()}
    endpoint = str(ast.literal_eval(request["endpoint"])).strip("/")
    returns = ast.unparse(request["target_class"])
    edge = {"params": params} | ({"returns": returns} if returns != "AbstractCrudObject" else {})
    return f"{ast.literal_eval(request['method'])} {endpoint}", edge


def parse_class(cls: ast.ClassDef) -> dict[str, Any]:
    methods = [s for s in cls.body if isinstance(s, ast.FunctionDef)]
    return {
        "fields": readable(string_dict(assigned(cls.body, "_field_types"))),
        "enums": enums_of(cls),
        "edges": dict(edge for method in methods if (edge := edge_of(method))),
    }


def parse_sdk(folder: Path) -> dict[str, dict[str, Any]]:
    classes = {}
    for path in sorted((folder / "adobjects").glob("*.py")):
        # The generator writes some field names that are keywords (`or = 'or'`), which is no Python.
        source = re.sub(r"(?m)^( +)(\w+) = '\2'$", r"\1_\2 = '\2'", path.read_text(encoding="utf-8"))
        for statement in ast.parse(source).body:
            if isinstance(statement, ast.ClassDef):
                classes[statement.name] = parse_class(statement)
    return classes


def keep_edges(name: str, edges: dict[str, Any]) -> dict[str, Any]:
    if name not in NODES:
        return {}
    wanted = KEPT_EDGES.get(name)
    return {key: edge for key, edge in edges.items() if wanted is None or key.split(" ")[1] in ("", *wanted)}


def reachable(classes: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The nodes, what their kept edges return, and every class that a field of those mentions."""
    selection: dict[str, dict[str, Any]] = {}
    queue = list(NODES)
    while queue:
        name = queue.pop()
        if name in selection or name not in classes:
            continue
        node = classes[name]
        selection[name] = node | {"edges": keep_edges(name, node["edges"])}
        if name in NODES:
            queue += [edge["returns"] for edge in selection[name]["edges"].values() if "returns" in edge]
        queue += [word for kind in node["fields"].values() for word in CLASS_NAME.findall(kind)]
    return selection


def used_enums(selection: dict[str, dict[str, Any]]) -> set[str]:
    """`Class.Enum` of every enum that a kept edge or field names."""
    used = set()
    for name, node in selection.items():
        for edge in node["edges"].values():
            used |= {word for kind in edge["params"].values() for word in re.findall(r"enum:(\w+\.\w+)", kind)}
        used |= {f"{name}.{kind}" for kind in node["fields"].values()}
    return used


def distil() -> dict[str, Any]:
    folder = sdk_folder()
    everything = parse_sdk(folder)
    selection = reachable(everything)
    used = used_enums(selection)
    for name in sorted({reference.split(".")[0] for reference in used} & set(everything) - set(selection)):
        selection[name] = everything[name] | {"fields": {}, "edges": {}}
    for name, node in selection.items():
        node["enums"] = {key: values for key, values in node["enums"].items() if f"{name}.{key}" in used}
    compact = {name: {key: part for key, part in selection[name].items() if part} for name in sorted(selection)}
    return {"version": api_version(folder), "sdk": importlib.metadata.version("facebook_business"), "classes": compact}


def rendered() -> str:
    """One line per class, so that a change of the SDK reads well in a diff."""
    data = distil()
    lines = [f"{json.dumps(name)}:{json.dumps(node, separators=(',', ':'))}" for name, node in data["classes"].items()]
    head = f'{{"version":"{data["version"]}","sdk":"{data["sdk"]}","classes":{{\n'
    return head + ",\n".join(lines) + "\n}}\n"


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(rendered(), encoding="utf-8")
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")
