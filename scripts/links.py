"""Print the links that add this server to Cursor and VS Code with one click, for the README.

A link goes through web pages and histories, so it never holds a token: the server says how to log in.
"""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

NAME = "meta-ads"
SERVER = {"command": "uvx", "args": ["meta-ads-local-mcp"]}


def cursor() -> str:
    packed = base64.urlsafe_b64encode(json.dumps(SERVER).encode()).decode()
    return f"cursor://anysphere.cursor-deeplink/mcp/install?name={quote(NAME, safe='')}&config={quote(packed, safe='')}"


def vscode() -> str:
    return "vscode:mcp/install?" + quote(json.dumps({"name": NAME, **SERVER}), safe="")


def vscode_in_a_browser() -> str:
    """The same through Microsoft's redirect, because GitHub shows no links of other schemes."""
    return f"https://insiders.vscode.dev/redirect/mcp/install?name={NAME}&config={quote(json.dumps(SERVER), safe='')}"


def main() -> None:
    for title, link in (("Cursor", cursor()), ("VS Code", vscode()), ("VS Code (browser)", vscode_in_a_browser())):
        print(f"{title}: {link}")


if __name__ == "__main__":
    main()
