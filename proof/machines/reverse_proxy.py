"""A real Caddy in front of a service: as a target sets it up, or as a platform's proxy works."""

from __future__ import annotations

import re
import subprocess
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from proof.commands import users_environment
from proof.machines import caddy
from proof.machines.postgres import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

# Those of platforms add the address that called them to what is there, forged or not.
PLATFORM = """{
	admin off
	servers {
		trusted_proxies static 0.0.0.0/0
	}
}

{$DOMAIN} {
	reverse_proxy app:8000 {
		header_up X-Forwarded-Proto {scheme}
	}
}
"""


@contextmanager
def before(project: Path, upstream: str, log: Path) -> Iterator[int]:
    """Yield the port where a proxy speaks TLS for a service, with a certificate of its own."""
    own = project / "deploy" / "Caddyfile"
    text = own.read_text(encoding="utf-8") if own.exists() else PLATFORM
    port = free_port()
    with TemporaryDirectory() as home, log.open("wb") as output:
        caddyfile = Path(home, "Caddyfile")
        caddyfile.write_text(_adapted(text, upstream), encoding="utf-8")
        folders = {"HOME": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home}
        process = subprocess.Popen(
            [caddy.executable(), "run", "--adapter=caddyfile", "--config", caddyfile],
            env={**users_environment(), **folders, "DOMAIN": f"localhost:{port}"},
            stdout=output,
            stderr=output,
        )
        try:
            yield port
        finally:
            process.terminate()
            process.wait()


def _adapted(caddyfile: str, upstream: str) -> str:
    """Return a Caddyfile for this machine: free ports, and the service where it listens."""
    options = f"{{\n\thttp_port {free_port()}\n\tskip_install_trust\n"
    adapted = re.sub(r"\A\{\n", options, caddyfile)
    adapted = re.sub(
        r"^http://:\d+", f"http://127.0.0.1:{free_port()}", adapted, flags=re.MULTILINE
    )
    return re.sub(r"\breverse_proxy \S+", f"reverse_proxy {upstream}", adapted)
