"""Running the commands of generated projects."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# The environment of what runs in a generated project: what a machine needs to find programs,
# folders and packages. Whatever else is set (PYTEST_ADDOPTS, RUFF_*, GIT_DIR, CI, the settings
# of a service ...) could change a result, and no key of a result would tell.
ALLOWED = re.compile(
    r"""
    PATH | LD_LIBRARY_PATH                                   # programs, libraries of a Python
    | HOME | USER | LOGNAME | TMPDIR | TEMP | TMP            # folders, and who owns them
    | XDG_(CACHE|CONFIG|DATA|BIN)_HOME | XDG_CONFIG_DIRS     # where uv keeps things
    | LANG | LC_\w+                                          # how file names are encoded
    | SYSTEMROOT | SYSTEMDRIVE | WINDIR | COMSPEC | PATHEXT  # without these, Windows runs nothing
    | USERNAME | USERPROFILE | HOMEDRIVE | HOMEPATH
    | APPDATA | LOCALAPPDATA | PROGRAMDATA | PROGRAMFILES
    | SSL_CERT_(FILE|DIR) | (REQUESTS|CURL)_CA_BUNDLE | GIT_SSL_CAINFO  # how registries are
    | (HTTP|HTTPS|ALL|NO)_PROXY | NETRC                                 # reached
    | UV_(DEFAULT_)?INDEX(_\w+)? | UV_EXTRA_INDEX_URL | UV_FIND_LINKS   # where packages are from
    | UV_NO_INDEX | UV_KEYRING_PROVIDER | UV_INSECURE_HOST | UV_CREDENTIALS_DIR
    | UV_OFFLINE | UV_SYSTEM_CERTS | UV_NATIVE_TLS | UV_HTTP_\w+ | UV_CONCURRENT_\w+
    | UV_CACHE_DIR | UV_LINK_MODE                                       # where they are kept
    | UV_PYTHON_(DOWNLOADS|INSTALL_DIR|INSTALL_MIRROR|CACHE_DIR)        # the same of Pythons
    | PYENV_(ROOT|VERSION)
    | PIP_((EXTRA_)?INDEX_URL|NO_INDEX|FIND_LINKS|TRUSTED_HOST|PROXY)   # the same for hooks
    | PIP_(CERT|CLIENT_CERT|CACHE_DIR|CONFIG_FILE|(DEFAULT_)?TIMEOUT|RETRIES)
    | PRE_COMMIT_HOME
    """,
    re.VERBOSE | re.IGNORECASE,  # proxies are written in both ways, names of Windows in any
)

LINES_OF_A_FAILURE = 80


class CommandError(Exception):
    """A command failed.

    Attributes:
        command: the command.
        code: what it exited with.
        output: the end of what it wrote.
    """

    def __init__(self, command: list[str], code: int, output: str) -> None:
        self.command, self.code = command, code
        self.output = "\n".join(output.splitlines()[-LINES_OF_A_FAILURE:])
        super().__init__(f"{' '.join(command)} exits with {code}\n{self.output}")


def users_environment() -> dict[str, str]:
    """Return the environment for a project's own commands: what `ALLOWED` lists, no more.

    A project's `.python-version` decides which Python runs it.
    """
    allowed = {name: value for name, value in os.environ.items() if ALLOWED.fullmatch(name)}
    # What a developer has git ignore would be in no check.
    return allowed | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def tools_environment() -> dict[str, str]:
    """Return the environment for our tools: the same, and they are found beside this Python."""
    environment = users_environment()
    places = [os.path.dirname(sys.executable), environment.get("PATH", os.defpath)]  # noqa: PTH120
    return environment | {"PATH": os.pathsep.join(places)}


def run(command: list[str], folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """Run a command in a folder and return what it wrote.

    Args:
        command: the command.
        folder: where it runs.
        environment: all of its variables; for one of our tools, if none are given.

    Raises:
        CommandError: it did not succeed.
    """
    done = subprocess.run(
        command,
        cwd=folder,
        env=tools_environment() if environment is None else environment,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        raise CommandError(command, done.returncode, done.stdout)
    return done.stdout
