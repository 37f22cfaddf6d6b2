"""Programs of the repository as tests use them: scripts as loaded files, benchmarks as processes that print JSON."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parent.parent.parent


@cache
def load_script(name: str) -> ModuleType:
    """The file scripts/NAME.py as a module. Its main function is not run."""
    spec = importlib.util.spec_from_file_location(f"script_{name}", ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def run_benchmark(name: str, *arguments: str) -> Any:
    """What `python -m benchmarks.NAME --json` prints."""
    command = [sys.executable, "-m", f"benchmarks.{name}", "--json", *arguments]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)
