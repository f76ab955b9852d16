"""The commands of a shell script, as far as documents use its grammar."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

_NESTED = r"\$\((?:[^()'\"]|'[^']*'|\"(?:\\.|[^\"\\])*\"|\([^()]*\))*\)"
_DOUBLE = rf'"(?:\\.|{_NESTED}|[^"\\])*"'
PIECE = re.compile(
    rf"(?s)'(?P<single>[^']*)'|(?P<double>{_DOUBLE})|(?P<nested>{_NESTED})|\\(?P<escaped>.)"
    r"|(?P<plain>[^\s;&|()<>'\"\\])"
)
NESTED = re.compile(f"(?s){_NESTED}")
HEREDOC = re.compile(r"(?ms)<<-?[ ]*(['\"]?)(\w+)\1(.*?)\n.*?^\s*\2$")
SPACE = re.compile(r"(?:[ \t]|\\\n)+|#[^\n]*")
OPERATOR = re.compile(r"[;&|()<>\n]+")
ASSIGNMENT = re.compile(r"(?s)([A-Za-z_]\w*)=(.*)")

# What stands before a command, and what is none.
BEFORE = {"if", "then", "else", "elif", "do", "while", "until", "!", "{", "time"}
NONE = {"fi", "done", "esac", "}", "for", "case", "in"}


@dataclass
class Command:
    """A command and what is around it.

    Attributes:
        words: its program and arguments, without quotes.
        variables: what is assigned before it, or by it if there are no words.
        writes: the files that its output goes to.
        reads: the files that its input comes from.
    """

    words: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)


@cache
def commands(script: str) -> list[Command]:
    """Return the simple commands of a script, those in `$(...)` before those that use them.

    Raises:
        ValueError: a quote is not closed.
    """
    found: list[Command] = []
    command, to = Command(), ""
    script, position = HEREDOC.sub(r"\3", script), 0
    while position < len(script):
        if space := SPACE.match(script, position):
            position = space.end()
        elif operator := OPERATOR.match(script, position):
            position, to = operator.end(), operator[0]
            if "<" not in to and ">" not in to:
                found.append(command)
                command, to = Command(), ""
        else:
            word, nested, position = _word(script, position)
            found += [inner for text in nested for inner in commands(text)]
            _add(command, word, to)
            to = ""
    found.append(command)
    return [_without_keywords(one) for one in found if one.words or one.variables or one.writes]


def _word(script: str, position: int) -> tuple[str, list[str], int]:
    """Return the word at a position without quotes, the scripts in it, and where it ends."""
    word, nested = "", []
    start = position
    while piece := PIECE.match(script, position):
        position = piece.end()
        kind, text = piece.lastgroup, piece[piece.lastgroup or 0]
        if kind == "double":
            text = text[1:-1]
            nested += [inner[2:-1] for inner in NESTED.findall(text)]
            text = re.sub(r"\\([\\\"$`])", r"\1", text)
        elif kind == "nested":
            nested.append(text[2:-1])
        word += text
    if start == position:
        message = f"a quote is not closed: {script[position:].splitlines()[0]}"
        raise ValueError(message)
    return word, nested, position


def _add(command: Command, word: str, operator: str) -> None:
    if "<" in operator:
        command.reads.append(word)
    elif ">" in operator:
        if command.words and command.words[-1].isdigit():
            command.words.pop()  # the number of the stream
        if "&" not in operator:
            command.writes.append(word)
    elif not command.words and (assignment := ASSIGNMENT.fullmatch(word)):
        command.variables[assignment[1]] = assignment[2]
    else:
        command.words.append(word)


def _without_keywords(command: Command) -> Command:
    while command.words and command.words[0] in BEFORE:
        command.words.pop(0)
    if command.words and command.words[0] in NONE:
        command.words.clear()
    return command
