"""Run a Python program that uses Meta's SDK against a sandbox: `run_python.py URL MODULE ARGUMENTS...`.

The SDK's host is replaced before the program is imported. Waiting is cut short: the sandbox's clock is the real one,
and its reports are complete after a few looks at them.
"""

from __future__ import annotations

import importlib
import sys
import time

from facebook_business.session import FacebookSession

MAX_SLEEP_SECONDS = 0.05


def main() -> None:
    """Import MODULE and call its `main` or `run` as its console script does."""
    url, name, *arguments = sys.argv[1:]
    FacebookSession.GRAPH = url
    sleep = time.sleep
    time.sleep = lambda seconds: sleep(min(seconds, MAX_SLEEP_SECONDS))  # type: ignore[assignment]
    sys.argv = [name, *arguments]
    module = importlib.import_module(name)
    (getattr(module, "run", None) or module.main)()


if __name__ == "__main__":
    main()
