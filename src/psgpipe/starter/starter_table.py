"""A starter study table: a row for each recording in a folder; what is unsure stays blank."""

from __future__ import annotations

import csv
import io
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path, PurePosixPath

from psgpipe.edf.reader import open_recording, read_content
from psgpipe.errors import PsgpipeError, UsageError
from psgpipe.files.regular import file_name
from psgpipe.messages import count_of, have, quoted, safe_text
from psgpipe.model.ids import composed
from psgpipe.model.night import Night
from psgpipe.night.lights_events import lights_events
from psgpipe.sleep.local_clock import local_clock
from psgpipe.starter.profile import COLUMNS, Profile, recognised
from psgpipe.starter.scoring_pairs import ScoringFiles
from psgpipe.study.discovery import find_files, find_recordings
from psgpipe.study.file_ids import ids_from_name, stem_of
from psgpipe.tables.cells import without_formula
from psgpipe.tables.columns import CONDITIONS

TABLE_COLUMNS = (
    "subject", "night", "condition", "recording", "lights_off", "lights_on", "age", "sex",
    "scoring",
)  # fmt: skip
MOST_NAMED = 5
# "No treatment" and "post-baseline" are not these conditions.
_TURNING = {"no", "non", "not", "pre", "post", "before", "after", "without", "off", "end"}
_BIDS_NAME = re.compile(r"(?:^|_)sub-[A-Za-z0-9]+")
# A number alone is a night only behind a subject that has a number of its own: of S_01 and S_02,
# nobody knows whether they are nights or subjects.
_NIGHT_WORDS = "n|night|nacht|nuit|noche|notte|v|visit|ses|session|day"
_NIGHT_AT_END = re.compile(
    rf"(?P<subject>.*\d.*?)[-_ ](?P<night>(?:{_NIGHT_WORDS})?[-_ ]?\d{{1,2}})"
    rf"|(?P<word>.+?)[-_ ](?P<numbered>(?:{_NIGHT_WORDS})[-_ ]?\d{{1,2}})",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class StarterTable:
    """The rows of a starter table, and what a person should know or complete.

    Attributes
    ----------
    rows
        Cells by column; blank where nothing is sure.
    columns
        `TABLE_COLUMNS`, and what a pattern named besides.
    ids_from
        Where subject and night come from, in words; blank where they are left blank.
    remarks
        Sentences for the person who completes the table.
    """

    rows: tuple[Mapping[str, str], ...]
    columns: tuple[str, ...]
    ids_from: str
    remarks: tuple[str, ...] = field(default=())

    def content(self) -> bytes:
        """The table as tab-separated text."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter="\t", lineterminator="\n")
        writer.writerow(self.columns)
        for row in self.rows:
            writer.writerow(without_formula(row.get(column, "")) for column in self.columns)
        return text.getvalue().encode("utf-8")


def starter_table(
    folder: Path, table: Path, profile: Profile | None = None, *, lights: bool = True
) -> StarterTable:
    """The starter table of the recordings in `folder`, with paths relative to `table`.

    Parameters
    ----------
    profile
        Names of files; None finds out: a public archive, BIDS, folders of subjects, or names that
        end with a night.
    lights
        Whether to read lights off and lights on from annotations.

    Raises
    ------
    psgpipe.errors.UsageError
        The folder has no recordings, or no recording fits the profile.
    """
    recordings = [path for path in find_recordings(folder)[0] if not _holds_stages_alone(path)]
    if not recordings:
        raise UsageError(
            f"{folder.name or folder}: wanted recordings (.edf .bdf .rec .edfz, or .gz of these), "
            "found none",
            "Check the path.",
        )
    relative = [PurePosixPath(path.relative_to(folder).as_posix()) for path in recordings]
    remarks: list[str] = []
    chosen = (profile,) * len(relative) if profile else recognised(relative)
    groups: Sequence[Mapping[str, str]] = [{}] * len(relative)
    if chosen:
        groups = _groups(relative, chosen, remarks)
        ids = [_with_night(found) if found else {} for found in groups]
        ids_from = " and ".join(dict.fromkeys(p.title for p in chosen))
    else:
        ids, ids_from = _by_names(relative)
    if not ids_from:
        remarks.append(
            "subject and night are blank: the names do not show them; fill them in, or give "
            "--pattern, such as '{subject}_{night}.edf'"
        )
    _remark_on_equal_ids(ids, remarks)
    scorings = ScoringFiles(find_files(folder), recordings)
    rows, lights_of, scorings_of = [], Counter[str](), _Reasons()
    of_each = chosen or (None,) * len(recordings)
    for path, known, names, found in zip(recordings, ids, of_each, groups, strict=True):
        pair = scorings.of(path, names if found else None, found)
        scorings_of.add(path, pair.why_none, found=pair.path is not None)
        off, on, why = _lights(path) if lights else ("", "", "")
        lights_of["found" if off and on else why or "not found"] += 1
        rows.append(
            {
                **known,
                "recording": _relative(path, table),
                "lights_off": off,
                "lights_on": on,
                "scoring": _relative(pair.path, table) if pair.path else "",
            }
        )
    remarks += dict.fromkeys(f"{p.title}: {p.lights}" for p in chosen if p.lights)
    remarks += [*_lights_remarks(lights_of, len(rows)), *scorings_of.remarks()]
    if not any(row.get("condition") for row in rows):
        remarks.append(
            f"condition is blank: write one of {', '.join(CONDITIONS)}, or your own words"
        )
    used = {column for row in rows for column in row if column in COLUMNS}
    columns = (*TABLE_COLUMNS, *(c for c in COLUMNS if c in used and c not in TABLE_COLUMNS))
    return StarterTable(tuple(rows), columns, ids_from, tuple(remarks))


def _holds_stages_alone(path: Path) -> bool:
    """Whether a file is EDF+ annotations without a signal: a scoring, whatever its name."""
    try:
        with open_recording(path) as recording:
            return not recording.channels
    except PsgpipeError:
        return False  # a damaged recording is one


def _groups(
    paths: Sequence[PurePosixPath], profiles: Sequence[Profile], remarks: list[str]
) -> list[dict[str, str]]:
    """What each name says; nothing where a recording is not named like its profile."""
    found = [profile.ids(path) for path, profile in zip(paths, profiles, strict=True)]
    title = profiles[0].title
    if not any(found):
        raise UsageError(
            f"no recording is named like {title}; the first is {quoted(paths[0].name)}",
            "Correct --pattern or --profile; without them psgpipe finds out what the names show.",
        )
    left = [safe_text(p.as_posix(), 80) for p, ids in zip(paths, found, strict=True) if ids is None]
    if left:
        named = ", ".join(left[:MOST_NAMED]) + (", ..." if len(left) > MOST_NAMED else "")
        remarks.append(
            f"{count_of(len(left), 'recording')} {have(len(left))} another name than {title}, and "
            f"no subject and night: {named}"
        )
    return [ids or {} for ids in found]


def _with_night(ids: Mapping[str, str]) -> dict[str, str]:
    """The columns among the groups; an archive of one night a subject has night 1."""
    columns = {name: composed(value) for name, value in ids.items() if name in COLUMNS and value}
    return {"night": "1", **columns}


def _by_names(paths: Sequence[PurePosixPath]) -> tuple[list[dict[str, str]], str]:
    """Subject and night by BIDS names, by folders, or by the ends of names; or blank."""
    if all(_BIDS_NAME.search(path.name) for path in paths):
        ids = [ids_from_name(path.name) for path in paths]
        return [_row(path, *pair) for path, pair in zip(paths, ids, strict=True)], "BIDS names"
    first = {path.parts[0] for path in paths if len(path.parts) > 1}
    are_subjects = len(first) > 1 and not any(_condition_words(name) for name in first)
    if all(len(path.parts) > 1 for path in paths) and are_subjects:
        rows = [_row(path, path.parts[0], _night_in_folder(path)) for path in paths]
        return rows, "folders: the first is the subject, the rest is the night"
    matches = [_NIGHT_AT_END.fullmatch(stem_of(path.name)) for path in paths]
    found = [match for match in matches if match is not None]
    ids = [(m["subject"] or m["word"], m["night"] or m["numbered"]) for m in found]
    # A subject with a condition in its name would be another subject in each condition.
    if len(found) == len(paths) > 1 and not any(_condition_words(subject) for subject, _ in ids):
        return [_row(path, *pair) for path, pair in zip(paths, ids, strict=True)], (
            "names: the number at the end is the night"
        )
    return [_row(path, "", "") for path in paths], ""


def _row(path: PurePosixPath, subject: str, night: str) -> dict[str, str]:
    words = _condition_words(path.with_suffix("").as_posix())
    condition = words[0] if len(words) == 1 and words[0] in CONDITIONS else ""
    return {"subject": composed(subject), "night": composed(night), "condition": condition}


def _condition_words(text: str) -> list[str]:
    """The words for conditions in a name, with a word before them that turns their meaning."""
    words = [word for word in re.split(r"[^a-z]+", text.casefold()) if word]
    turned = [
        f"{before} {word}" if before in _TURNING else word
        for before, word in pairwise(["", *words])
        if word in CONDITIONS
    ]
    return list(dict.fromkeys(turned))


def _night_in_folder(path: PurePosixPath) -> str:
    """The path below the subject's folder, without the subject's name at the beginning."""
    subject = path.parts[0]
    parts = [*path.parts[1:-1], stem_of(path.name)]
    names = [part.removeprefix(subject).strip("-_ ") or part for part in parts]
    return "-".join(dict.fromkeys(names))


def _remark_on_equal_ids(rows: Iterable[Mapping[str, str]], remarks: list[str]) -> None:
    counts = Counter((r.get("subject", ""), r.get("night", "")) for r in rows if r.get("subject"))
    twice = [ids for ids, number in counts.items() if number > 1]
    if twice:
        subject, night = twice[0]
        remarks.append(
            f"{count_of(len(twice), 'night')} {have(len(twice))} several recordings, such as "
            f"{safe_text(subject)} {safe_text(night)}: correct subject and night, or join parts of "
            "one night with the column part"
        )


def _lights(path: Path) -> tuple[str, str, str]:
    """Lights off and on as the annotations show them, or blank and why."""
    try:
        with open_recording(path) as recording:
            if not recording.preflight.layout.annotation_signals:
                return "", "", ""
            content = read_content(recording)
    except PsgpipeError:
        return "", "", "unreadable"
    header = content.header
    events = lights_events(content.annotations, header, Night("", ""))
    if len(events.off_s) == len(events.on_s) == 1 and events.off_s[0] < events.on_s[0]:
        clock = local_clock(header.start, header.start_clock, None)
        off, on = (clock.clock_at(s) or f"+{s:g}" for s in (events.off_s[0], events.on_s[0]))
        return off, on, ""
    return "", "", "unsure" if events.off_s or events.on_s or events.findings else ""


def _lights_remarks(counts: Counter[str], n_rows: int) -> list[str]:
    remarks = []
    if counts["unreadable"]:
        remarks.append(
            f"{count_of(counts['unreadable'], 'recording')} cannot be read; psgpipe check says why"
        )
    if counts["unsure"]:
        remarks.append(
            f"lights of {count_of(counts['unsure'], 'night')} are blank: the annotations name one "
            "of them, or several times"
        )
    if counts["not found"]:
        nights = "all nights" if counts["not found"] == n_rows else count_of(
            counts["not found"], "night"
        )  # fmt: skip
        remarks.append(f"lights of {nights} are blank: fill them in where they are known")
    return remarks


class _Reasons:
    """How many recordings have a scoring, and why others have none."""

    def __init__(self) -> None:
        self.n_found, self.n_none = 0, 0
        self.reasons: list[str] = []

    def add(self, recording: Path, why_none: str, *, found: bool) -> None:
        """Count a recording."""
        self.n_found += found
        self.n_none += not found
        if why_none:
            self.reasons.append(f"{file_name(recording)}: {why_none}")

    def remarks(self) -> list[str]:
        """What to say about the scorings."""
        lines = [f"no scoring taken for {reason}" for reason in self.reasons[:MOST_NAMED]]
        if len(self.reasons) > MOST_NAMED:
            lines.append(f"and {len(self.reasons) - MOST_NAMED} more without a scoring")
        if self.n_found and self.n_none:
            lines.append(
                f"{self.n_found} of {count_of(self.n_found + self.n_none, 'recording')} "
                f"{have(self.n_found)} a scoring"
            )
        return lines


def _relative(path: Path, table: Path) -> str:
    """The path from the folder of the table; absolute where there is no such path."""
    try:
        relative = os.path.relpath(path.resolve(), table.resolve().parent)
    except ValueError:  # another drive of Windows
        return str(path.resolve())
    return Path(relative).as_posix()
