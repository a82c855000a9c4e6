"""What the page of a study shows besides its nights: flow, causes of failures, rows of nights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from psgpipe.messages import are, count_of, have
from psgpipe.model.ids import night_order
from psgpipe.reports.study.page_night import PageNight
from psgpipe.results.failure_groups import FailureGroup, FailureGroups

BEFORE = ("adaptation", "baseline")
AFTER = ("treatment", "washout", "followup")
MOST_COLUMNS = 6


@dataclass(frozen=True)
class FlowStep:
    """Nights of a study at one point of their way; `left_out` nights go no further."""

    name: str
    nights: int
    subjects: int
    left_out: bool = False


@dataclass(frozen=True)
class SubjectRow:
    """The nights of one subject: a list for each column."""

    subject: str
    columns: tuple[tuple[PageNight, ...], ...]


def flow(nights: Sequence[PageNight]) -> tuple[FlowStep, ...]:
    """The way of the recordings from the study table to nights without flags."""
    kept = list(nights)
    steps = [_step("in the study", kept)]
    for state, name in (
        ("excluded", "excluded by the study table"), ("failed", "failed"),
        ("missing", "not finished yet"),
    ):  # fmt: skip
        steps.append(_step(name, [n for n in kept if n.state == state], left_out=True))
        kept = [n for n in kept if n.state != state]
    steps.append(_step("finished", kept))
    steps.append(_step("incomplete: a comparison leaves them out",
                       [n for n in kept if n.status == "incomplete"], left_out=True))  # fmt: skip
    steps.append(_step("finished, with flags", [n for n in kept if n.status == "doubtful"]))
    steps.append(_step("finished, without flags", [n for n in kept if n.status == "finished"]))
    return tuple(s for s in steps if s.nights or not s.left_out)


def _step(name: str, nights: Sequence[PageNight], *, left_out: bool = False) -> FlowStep:
    return FlowStep(name, len(nights), len({n.subject for n in nights}), left_out)


def warnings(nights: Iterable[PageNight]) -> list[str]:
    """What a reader must know before the numbers: nights that are absent, or in doubt."""
    kept = list(nights)
    counts = Counter(n.status for n in kept)
    failed, missing, incomplete, doubtful = (
        counts[status] for status in ("failed", "missing", "incomplete", "doubtful")
    )
    unknown = sum(not n.lights_known for n in kept)
    them = "it" if incomplete == 1 else "them"
    sentences = (
        (failed, f"failed and {have(failed)} no numbers: the causes stand below."),
        (missing, f"{are(missing)} not finished yet."),
        (incomplete, f"{are(incomplete)} incomplete: a comparison leaves {them} out."),
        (doubtful, f"{have(doubtful)} flags that make the numbers doubtful."),
        (unknown, f"{have(unknown)} no known lights off or lights on: TIB, SE, SOL and WASO "
                  "depend on that."),
    )  # fmt: skip
    return [f"{count_of(number, 'night')} {text}" for number, text in sentences if number]


def stages_sentence(nights: Iterable[PageNight]) -> str:
    """Whose stages the finished nights have."""
    counts = Counter(n.stages_by for n in nights if n.state == "done")
    if not set(counts) - {"auto"}:
        return "Automatic stages, not AASM scoring; not for diagnosis."
    parts = [f"{count_of(counts[by], 'night')} {words}" for by, words in _STAGES if counts[by]]
    return f"Stages: {', '.join(parts)}. Automatic stages are not AASM scoring; not for diagnosis."


_STAGES = (
    ("auto", "automatic"), ("calibrated", "automatic and calibrated to a laboratory"),
    ("expert", "scored by a person"), ("corrected", "corrected by hand"),
)  # fmt: skip


def failure_groups(nights: Iterable[PageNight]) -> list[FailureGroup]:
    """The failed nights by their cause, the most frequent cause first."""
    groups = FailureGroups()
    for night in nights:
        if night.state == "failed":
            failure = {"kind": night.kind, "problem": night.reason, "remedy": night.remedy}
            groups.add(f"{night.subject} {night.night}", failure, night.recording)
    return groups.largest_first


def columns_of(nights: Iterable[PageNight]) -> tuple[str | None, ...]:
    """The conditions from left to right: baseline before treatment.

    One column without a name where there is no condition, or where there are very many.
    """
    words = dict.fromkeys(n.condition for n in nights)
    named = sorted((w for w in words if w), key=_place)
    if not named or len(named) > MOST_COLUMNS:
        return (None,)
    return (*named, *([None] if None in words else []))


def _place(condition: str) -> tuple[int, str]:
    word = condition.casefold()
    if word in BEFORE:
        return BEFORE.index(word), word
    return (len(BEFORE) + 1 + AFTER.index(word) if word in AFTER else len(BEFORE)), word


def subject_rows(
    nights: Iterable[PageNight], columns: Sequence[str | None]
) -> tuple[SubjectRow, ...]:
    """A row for each subject, subjects and their nights in natural order."""
    by_subject: dict[str, list[PageNight]] = {}
    for night in sorted(nights, key=lambda n: night_order(n.subject, n.night)):
        by_subject.setdefault(night.subject, []).append(night)
    return tuple(
        SubjectRow(subject, tuple(_in_column(own, column, columns) for column in columns))
        for subject, own in by_subject.items()
    )


def _in_column(
    nights: Iterable[PageNight], column: str | None, columns: Sequence[str | None]
) -> tuple[PageNight, ...]:
    if len(columns) == 1:
        return tuple(nights)
    return tuple(n for n in nights if (n.condition or None) == column)
