"""Output of measurements: to the console, and to a JSON file."""

from __future__ import annotations

import json
import os
import platform
import sys
import sysconfig

from proof import matrix

FOLDER = matrix.ROOT / ".cache" / "benchmarks"


def tell(name: str, **found: object) -> None:
    """Print what was found, with the machine that it was found on, and keep it as JSON."""
    machine = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "optimised": "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or ""),
        "platform": sys.platform,
    }
    text = json.dumps({"benchmark": name, "machine": machine, **found}, indent=2) + "\n"
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")
    print(text, end="")
