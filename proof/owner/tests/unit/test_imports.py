from __future__ import annotations

import subprocess
import sys


def test_redis_is_imported_only_when_limits_are_counted_in_it() -> None:
    statement = "import app.main, sys; sys.exit('redis' in sys.modules)"
    subprocess.run([sys.executable, "-c", statement], check=True, timeout=60)  # noqa: S603
