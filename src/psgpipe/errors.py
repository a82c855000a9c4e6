"""Every failure psgpipe can explain: its exit code, what it concerns and what to do about it.

::

    PsgpipeError             exit  concerns
    |-- UsageError              2  command       correct the command
    |   |-- LightsImpossible
    |   `-- TimeZoneUnknown
    |-- DefinitionError         3  study         every night would fail
    |   |-- PipelineInvalid
    |   |-- CalibrationUnlike      (night) of other derivations or another classifier
    |   |-- StudyTableInvalid
    |   |-- LabelTableInvalid
    |   `-- ComparisonSpecInvalid
    |-- RecordingUnreadable     4  night         go on with the others
    |   |-- UnsafeFile             not a regular file, missing, no permission, implausible
    |   |-- HeaderInvalid          not EDF, or a header that contradicts itself or the file
    |   |-- NoData                 nothing after the header
    |   |-- ChangedWhileRead
    |   `-- ReadFailed             the disk or the network gave an error
    |-- RecordingUnsuitable     5  night         go on with the others
    |   |-- ChannelMissing         ambiguous or absent label
    |   |-- DerivationMissing
    |   |-- UnitUnknown
    |   |-- ScaleInvalid
    |   |-- RatesDiffer
    |   |-- RateTooLow
    |   |-- TooShort
    |   |-- LightsNeeded           longer than 14 h and no lights known
    |   |-- SeveralSleepPeriods    several nights or naps, and none chosen
    |   |-- PartsApart             the files of one night do not fit each other
    |   |-- ScoringInvalid         an expert's scoring: unreadable, or not of this recording
    |   |-- ActigraphyInvalid      activity counts: unreadable, or of no use
    |   `-- QualityRefused
    |-- StagerUnavailable       6  installation  repair it
    |   `-- ClassifierNewer        another engine may know it
    |-- OutputConflict          7  output        look into the folder
    |   |-- NightTaken             the night's folder holds another recording's night
    |   `-- FileTaken              another file has the name
    |-- NightsNotComparable     7  study         look at the recipes
    |-- SpecChanged             7  study         look at the spec
    |-- NightsIncomplete        8  study         see journal.jsonl
    |-- TryAgain               75  run           start it again
    |-- NightLost               1  run           one night of a batch; the others went on
    |   |-- WorkerDied             crashed, or was killed
    |   |-- OutOfMemory
    |   |-- MachineFailed          a full or read-only disk, a library that cannot be loaded
    |   |-- TimedOut               no result within the time limit
    |   `-- Bug                    report it
    `-- Interrupted       130/143  run           resume it
        `-- Terminated

An error says what was wanted and what was found (``problem``) and what to do (``remedy``), each
in one sentence, without a word of the recording's free header text.
"""

from typing import ClassVar, Literal

Concern = Literal["command", "study", "night", "installation", "output", "run"]


class PsgpipeError(Exception):
    """A failure that can be explained to the person who ran psgpipe.

    Attributes
    ----------
    problem
        What was wanted and what was found, one line.
    remedy
        What to do, one line.
    exit_code
        The process exit code, see ``docs/reference/exit-codes.md``.
    concerns
        What has to be put right; a failure that concerns a night leaves the others as they are.
    """

    exit_code = 1
    concerns: ClassVar[Concern] = "run"

    def __init_subclass__(
        cls, exit_code: int | None = None, concerns: Concern | None = None
    ) -> None:
        cls.exit_code = exit_code or cls.exit_code
        cls.concerns = concerns or cls.concerns

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    @property
    def kind(self) -> str:
        """The error's stable name, as written to ``failure.json``."""
        return type(self).__name__

    def as_dict(self) -> dict[str, str | int]:
        """Plain values for ``failure.json`` and JSON output."""
        return {
            "kind": self.kind,
            "exit_code": self.exit_code,
            "problem": self.problem,
            "remedy": self.remedy,
        }

    def __str__(self) -> str:
        return f"{self.problem}\n  {self.remedy}"


class UsageError(PsgpipeError, exit_code=2, concerns="command"):
    """The command cannot be carried out as typed."""


class LightsImpossible(UsageError):
    """Lights off or lights on does not fit the recording."""


class TimeZoneUnknown(UsageError):
    """No time zone has this name, or the computer has no table of time zones."""


class DefinitionError(PsgpipeError, exit_code=3, concerns="study"):
    """A pipeline, study table, label table or comparison spec is wrong."""


class PipelineInvalid(DefinitionError):
    """A pipeline file has an unknown key, a wrong type or an impossible value."""


class CalibrationUnlike(DefinitionError, concerns="night"):
    """A night is not of the kind of those on which its calibration was fitted."""


class StudyTableInvalid(DefinitionError):
    """A study table has a wrong column, row or cell."""


class LabelTableInvalid(DefinitionError):
    """A label table has an unknown key or names one channel twice."""


class ComparisonSpecInvalid(DefinitionError):
    """A comparison spec has an unknown key or an impossible value."""


class RecordingUnreadable(PsgpipeError, exit_code=4, concerns="night"):
    """The file cannot be read as a recording."""


class UnsafeFile(RecordingUnreadable):
    """Missing, not a regular file, not permitted, or of an implausible size."""


class HeaderInvalid(RecordingUnreadable):
    """The header is not EDF or BDF, or contradicts itself or the file."""


class NoData(RecordingUnreadable):
    """The header is complete and no whole data record follows it."""


class ChangedWhileRead(RecordingUnreadable):
    """The file's size or modification time changed while it was read."""


class ReadFailed(RecordingUnreadable):
    """The operating system reported an error while reading."""


class RecordingUnsuitable(PsgpipeError, exit_code=5, concerns="night"):
    """The file is readable but cannot be used for what was asked."""


class ChannelMissing(RecordingUnsuitable):
    """A channel asked for by its label is absent, or the label stands twice."""


class DerivationMissing(RecordingUnsuitable):
    """None of the wanted derivations can be built from the channels present."""


class UnitUnknown(RecordingUnsuitable):
    """A channel in use has a blank or unknown physical unit."""


class ScaleInvalid(RecordingUnsuitable):
    """A channel in use has no usable physical or digital range."""


class RatesDiffer(RecordingUnsuitable):
    """Channels of two sampling rates were asked for at once."""


class RateTooLow(RecordingUnsuitable):
    """A channel in use is sampled too slowly for staging."""


class TooShort(RecordingUnsuitable):
    """Less than one 30-s epoch."""


class LightsNeeded(RecordingUnsuitable):
    """Longer than 14 h with lights off and on unknown."""


class SeveralSleepPeriods(RecordingUnsuitable):
    """The recording holds several nights or naps, and none of them was chosen."""


class PartsApart(RecordingUnsuitable):
    """The files of a night differ in their channels, or do not follow each other."""


class ScoringInvalid(RecordingUnsuitable):
    """A scoring cannot be read, contradicts itself, or does not belong to the recording."""


class ActigraphyInvalid(RecordingUnsuitable):
    """A file of activity counts cannot be read, or cannot be scored."""


class QualityRefused(RecordingUnsuitable):
    """The signal must not be staged."""


class StagerUnavailable(PsgpipeError, exit_code=6, concerns="installation"):
    """The staging engine or its classifier is absent or of another version."""


class ClassifierNewer(StagerUnavailable):
    """A yasa newer than the fast engine was tested with has a classifier it does not know."""


class OutputConflict(PsgpipeError, exit_code=7, concerns="output"):
    """The output folder cannot be used, or holds something else."""


class NightTaken(OutputConflict):
    """The night's folder holds a finished night that was made from another recording."""


class FileTaken(OutputConflict):
    """A file with other content has the name of the new one."""


class NightsNotComparable(PsgpipeError, exit_code=7, concerns="study"):
    """Nights were made with different recipes."""


class SpecChanged(PsgpipeError, exit_code=7, concerns="study"):
    """A comparison spec was edited after it was locked."""


class NightsIncomplete(PsgpipeError, exit_code=8, concerns="study"):
    """Some nights failed or are missing."""


class TryAgain(PsgpipeError, exit_code=75):
    """Nothing is wrong with the input: disk full, or out of wall time."""


class NightLost(PsgpipeError):
    """A night of a batch brought its worker to an end; nothing is known against the recording."""


class WorkerDied(NightLost):
    """The process that staged the night crashed or was killed."""


class OutOfMemory(NightLost):
    """The night needs more memory than there is."""


class MachineFailed(NightLost):
    """The machine failed beside the night: a disk that is full, a library that cannot be loaded."""


class TimedOut(NightLost):
    """The night had no result within the time limit."""


class Bug(NightLost):
    """psgpipe itself failed on the night."""


class Interrupted(PsgpipeError, exit_code=130):
    """Stopped by a signal; what is finished stays and the rest can be resumed."""


class Terminated(Interrupted, exit_code=143):
    """SIGTERM: somebody wants this process to end."""
