"""Profiles: how the files of a public archive are called, and a user's own pattern of names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from psgpipe.errors import UsageError
from psgpipe.files.toml_file import read_toml
from psgpipe.messages import quoted, unknown

PROFILES = Path(__file__).with_name("profiles.toml")
ID_GROUPS = ("subject", "night")
COLUMNS = (*ID_GROUPS, "condition", "period", "sequence", "arm", "age", "sex", "night_in_lab")
"""Columns of a study table that a pattern may name."""
_GROUP = re.compile(r"\{([a-z]\w*)\}")
_TEXT_ALONE = re.compile(r"[A-Za-z0-9_-]*")
_FIELD = re.compile(r"\{(\w+)(?::(\d{1,2}))?\}")


@dataclass(frozen=True)
class Profile:
    """Names of recordings and scorings.

    Attributes
    ----------
    recording
        A regular expression with the group ``subject`` and, where there are several, ``night``.
    scoring
        Regular expressions; ``{group}`` stands for what the recording's name has there.
    lights
        What is known of lights off and lights on, in words.
    recognise
        Whether the names show the archive; others may have such names by chance.
    """

    name: str
    title: str
    recording: str
    scoring: tuple[str, ...] = ()
    lights: str = ""
    source: str = ""
    recognise: bool = True

    def ids(self, path: PurePosixPath) -> dict[str, str] | None:
        """The groups in the name of a recording; None where it is not of this profile."""
        text = path.as_posix() if "/" in self.recording else path.name
        match = re.fullmatch(self.recording, text, re.IGNORECASE)
        return None if match is None else {k: v or "" for k, v in match.groupdict().items()}

    def scorings(self, ids: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """The beginning of the scoring's name as text, and its expression; the best first."""
        for template in self.scoring:
            expression = _GROUP.sub(lambda group: re.escape(ids.get(group[1], "")), template)
            yield _TEXT_ALONE.match(expression)[0], expression  # type: ignore[index]


@cache
def profiles() -> dict[str, Profile]:
    """The profiles that come with psgpipe, by name."""
    listed = read_toml(PROFILES, UsageError)["profile"]
    made = (Profile(**{**entry, "scoring": tuple(entry["scoring"])}) for entry in listed)
    return {profile.name: profile for profile in made}


def profile_named(name: str) -> Profile:
    """The profile of that name; UsageError where there is none."""
    if name not in profiles():
        raise UsageError(unknown("profile", name, profiles()), f"Give {', '.join(profiles())}.")
    return profiles()[name]


def recognised(paths: Sequence[PurePosixPath]) -> tuple[Profile, ...]:
    """The profile of each recording; empty unless every one has the name of an archive."""
    known = [profile for profile in profiles().values() if profile.recognise]
    found = [next((p for p in known if p.ids(path)), None) for path in paths]
    named = tuple(profile for profile in found if profile is not None)
    return named if len(named) == len(paths) else ()


def profile_of_pattern(pattern: str) -> Profile:
    """The profile of a pattern such as ``{subject}_N{night}.edf``.

    ``{name}`` is text without ``/``, ``{name:4}`` exactly four characters, ``*`` any text. A
    pattern with ``/`` is that of the path below the folder. ``{_}`` is text without a meaning.

    Raises
    ------
    psgpipe.errors.UsageError
        It names no subject, an unknown column, or leaves open where one field ends.
    """
    fields = [match[1] for match in _FIELD.finditer(pattern)]
    for field in fields:
        if field not in (*COLUMNS, "_"):
            raise UsageError(
                f"--pattern: {unknown('field', field, COLUMNS)}",
                f"The fields are {', '.join(COLUMNS)}, and _ for text without a meaning.",
            )
    twice = next((f for f in fields if f != "_" and fields.count(f) > 1), None)
    if "subject" not in fields or twice:
        found = f"{{{twice}}} twice" if twice else "none"
        raise UsageError(
            f"--pattern {quoted(pattern)}: {{subject}} was wanted once, found {found}",
            "Write it like '{subject}E{night}-PSG.edf'.",
        )
    if re.search(r"\{\w+\}\{", pattern):
        raise UsageError(
            f"--pattern {quoted(pattern)}: where one field ends and the next begins is open",
            "Give the number of characters, such as {subject:4}{night:1}.",
        )
    return Profile("pattern", "the pattern", _expression(pattern))


def _expression(pattern: str) -> str:
    parts, end = [], 0
    for match in _FIELD.finditer(pattern):
        parts.append(_literal(pattern[end : match.start()]))
        name, width = match[1], match[2]
        text = f"[^/]{{{width}}}" if width else "[^/]+?"
        parts.append(text if name == "_" else f"(?P<{name}>{text})")
        end = match.end()
    return "".join((*parts, _literal(pattern[end:])))


def _literal(text: str) -> str:
    return "[^/]*".join(map(re.escape, text.split("*")))
