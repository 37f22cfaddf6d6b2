"""`meta-ads-mcp call`: run one tool from the shell, through the same engine as over MCP."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from meta_ads_mcp.app import App
from meta_ads_mcp.cli.output import complain, default_format, is_terminal, say, say_block, say_json
from meta_ads_mcp.cli.parser import ExitCode, exit_code_of
from meta_ads_mcp.cli.tables import csv_text, text_lines
from meta_ads_mcp.errors import NotFound
from meta_ads_mcp.settings import Settings, SettingsError

if TYPE_CHECKING:
    from meta_ads_mcp.engine.engine import ToolAnswer
    from meta_ads_mcp.server.catalogue import Catalogue

Format = Literal["json", "table", "csv"]
# Of writes. One that Meta carried out in part, or whose outcome is not known, is not done.
STATUS_EXIT_CODES = {
    "needs_confirmation": ExitCode.NEEDS_CONFIRMATION,
    "partial": ExitCode.FAILED,
    "unknown_outcome": ExitCode.FAILED,
}


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Run the tool, print its answer and return the exit code."""
    if options.tool is None:
        options.usage_error("the following arguments are required: TOOL")
    name = str(options.tool)
    app = App(_quiet(settings))
    arguments = read_arguments(options, _schema(app.catalogue, name))
    answer = asyncio.run(app.engine.call(name, arguments))
    print_answer(answer, options.format or default_format())
    _save_pictures(answer, options)
    return exit_code(answer)


def exit_code(answer: ToolAnswer) -> int:
    """Return 0 for a call that did what was asked, and otherwise the code of its error or status."""
    if answer.is_error:
        return exit_code_of(answer.structured["error"]["kind"])
    data = answer.structured["data"]
    return STATUS_EXIT_CODES.get(str(data.get("status")), ExitCode.DONE) if isinstance(data, dict) else ExitCode.DONE


def _quiet(settings: Settings) -> Settings:
    """Return the settings without log lines, unless a level was asked for and nobody reads them at a terminal."""
    if "log_level" in settings.model_fields_set and not is_terminal(sys.stderr):
        return settings
    return settings.model_copy(update={"log_level": "FATAL"})


def _schema(catalogue: Catalogue, tool: str) -> Mapping[str, Any]:
    """Return the tool's argument schemas by name; none for an unknown tool, which the engine answers."""
    try:
        properties: dict[str, Any] = catalogue.get(tool).arguments["properties"]
    except NotFound:
        return {}
    return properties


def read_arguments(options: argparse.Namespace, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of the call. Raises SettingsError for what is neither key=value nor a JSON object."""
    arguments = _json_object(options.json)
    for pair in options.arguments:
        key, equals, value = pair.partition("=")
        if not equals:
            raise SettingsError(f"arguments are key=value, not {pair[:60]!r}")
        arguments[key] = _split_list(value) if _takes_list(schema.get(key, {})) else value
    return arguments


def _json_object(text: str | None) -> dict[str, Any]:
    try:
        value = json.loads(text) if text else {}
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise SettingsError("--json takes a JSON object of arguments, such as '{\"limit\": 5}'")
    return value


def _takes_list(schema: Mapping[str, Any]) -> bool:
    """Return whether the argument is a list and nothing else, so that a comma can only separate its values."""
    return schema.get("type") == "array"


def _split_list(value: str) -> Any:
    """Return the parts of a comma list. JSON is left to the tool, which reads it itself."""
    if value.lstrip().startswith(("[", "{")):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


def print_answer(answer: ToolAnswer, kind: Format) -> None:
    """Print the answer in the format. Errors are a sentence on standard error, and JSON in the JSON format."""
    body = answer.structured
    if kind == "json":
        say_json(body)
    if answer.is_error:
        complain(answer.text)
    elif kind == "csv":
        say_block(csv_text(body["data"]))
    elif kind == "table":
        _print_table(body)


def _print_table(body: Mapping[str, Any]) -> None:
    say(body["summary"])
    for line in text_lines(body["data"]):
        say(f"  {line}")
    for note in body.get("notes", []):
        say(f"note: {note}")
    after = body.get("page", {}).get("after")
    if after:
        say(f"more: repeat the call with {shlex.quote(f'after={after}')}")


def _save_pictures(answer: ToolAnswer, options: argparse.Namespace) -> None:
    if not answer.images:
        return
    if options.save is None:
        complain("Pictures are not shown here: add --save FOLDER to keep them.")
        return
    for path in save_images(answer.images, options.save, options.tool):
        complain(f"saved {path}")


def save_images(images: Sequence[bytes], folder: Path, name: str) -> list[Path]:
    """Write the pictures to new files that only this user can read. Raises SettingsError if that is impossible."""
    from meta_ads_mcp.domain.image_file import detect_mime  # noqa: PLC0415  few answers have pictures

    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for image in images:
            suffix = {"image/jpeg": "jpg", "image/gif": "gif"}.get(detect_mime(image) or "", "png")
            path = next(
                candidate
                for number in range(1, 10_000)
                if not (candidate := folder / f"{name}-{number}.{suffix}").exists()
            )
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(image)
            paths.append(path)
    except OSError as failure:
        raise SettingsError(f"--save: {folder} cannot be written ({type(failure).__name__})") from None
    return paths
