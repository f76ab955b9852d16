"""Files whose format is a JSON schema, whatever they are written in."""

from __future__ import annotations

import json
import subprocess

from proof.commands import tools_environment


def refused(*arguments: str, text: str | None = None) -> list[str]:
    """Return what check-jsonschema has against a file, as place and message.

    Args:
        arguments: its options, and the file; `-` for a text.
        text: what stands for the file.
    """
    found = subprocess.run(
        ["check-jsonschema", "--output-format=json", *arguments],
        env=tools_environment(),
        check=False,
        capture_output=True,
        encoding="utf-8",
        input=text,
    )
    if not found.returncode:
        return []
    said = json.loads(found.stdout)
    errors = [*said.get("errors", []), *said.get("parse_errors", [])]
    return [f"{e.get('path', '')} {e.get('message', 'cannot be read')}" for e in errors]
