"""The code blocks of a page, and what the comments before them say.

A block has a language: ``bash`` holds commands, ``console`` commands after ``$`` with the output
that they print, ``python`` statements or a session with ``>>>``, ``toml`` a file, ``text`` what is
only shown. Comments in the line before a block, which no reader sees, say more:

    <!-- files: night07.edf -->     these files are put into the folder of the page first
    <!-- file: my-study.toml -->    the block is the content of this file
    <!-- not run: it installs -->   nobody runs it, for this reason
    <!-- slow -->                   it runs where slow tests run

A command ends with exit code 0, or with the code that a comment in its line names: ``# exit 5``.
"""

import re
from dataclasses import dataclass, field

FENCE = re.compile(r"^( *)```(\{?[\w-]*\}?)[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!-- (files|file|not run|slow)(?:: ([^>]*?))? -->")
LANGUAGES = {"bash", "console", "python", "toml", "text"}
OF_THE_SITE = {"{toctree}", "{eval-rst}"}


@dataclass(frozen=True)
class Block:
    """A code block: its language, its text without the indent, and the comments before it."""

    language: str
    text: str
    line: int
    comments: dict[str, str] = field(default_factory=dict)

    @property
    def is_run(self):
        return "not run" not in self.comments

    @property
    def is_slow(self):
        return "slow" in self.comments


def blocks_of(page):
    """The blocks of a page, from top to bottom."""
    text = page.read_text(encoding="utf-8")
    return [_block(text, found) for found in FENCE.finditer(text)]


def _block(text, found):
    indent, language, content = found.groups()
    before = text[: found.start()].rstrip("\n").splitlines()
    comments = {}
    while before and COMMENT.search(before[-1]):
        comments.update(COMMENT.findall(before.pop()))
    lines = [line.removeprefix(indent) for line in content.splitlines(keepends=True)]
    return Block(language, "".join(lines), text.count("\n", 0, found.start()) + 1, comments)


def commands_of(block):
    """Each command of a block with its exit code and its output, None where none is shown."""
    if block.language == "bash":
        lines = re.sub(r"\\\n", "", block.text).splitlines()
        return [(line, exit_code_in(line), None) for line in lines if line.strip()]
    parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert parts[0] == "", f"a console block begins with a command after $: line {block.line}"
    commands = []
    for part in parts[1:]:
        command, output = re.match(
            r"((?:[^\n]*\\\n)*[^\n]*)\n?(.*)", part, flags=re.DOTALL
        ).groups()
        commands.append((command, exit_code_in(command), output))
    return commands


def exit_code_in(line):
    found = re.search(r"#.*\bexit (\d+)", line)
    return int(found[1]) if found else 0


def is_shown(shown, printed):
    """Whether a program printed what a page shows.

    A line of ``...`` alone stands for any lines or none, and ``...`` in a line for any text.
    """
    lines = plain(shown).splitlines()
    pattern = "".join(r"(?:.*\n)*" if line == "..." else _line_pattern(line) for line in lines)
    return re.fullmatch(pattern, plain(printed) + "\n") is not None


def _line_pattern(line):
    return ".*".join(re.escape(part) for part in line.split("...")) + "\n"


def plain(text):
    """A text without blanks at the ends of lines and without empty lines around it."""
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")
