"""What the page of a night says beside its numbers: quality, choices, provenance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from psgpipe.messages import count_of
from psgpipe.model.night import ExpertStages, LightsSource, StagedNight
from psgpipe.model.summary import QualityFlag, QualityReport
from psgpipe.reports.night_words import (
    clock_of,
    duration,
    is_calibrated,
    night_title,
    whose_stages,
)

LIGHTS_FROM: Mapping[LightsSource, str] = {
    "option": "given with the command",
    "table": "from the study table",
    "diary": "from the sleep diary, as the study table declares",
    "annotation": "an annotation in the recording",
    "scoring": "an annotation of the scoring",
    "recording": "not known",
}

DOSE_FROM = "from the study table or the command"
SCORERS_VALUES = {"rem_pct": "REM % of these scorers", "n3_pct": "N3 % of these scorers"}


class Fact(NamedTuple):
    """A line of a table: what it is about, and what is said about it."""

    name: str
    text: str


class DerivationRow(NamedTuple):
    """The quality of a derivation in words; `is_good` where nothing is said against it."""

    name: str
    words: str
    is_good: bool


def derivation_rows(quality: QualityReport) -> list[DerivationRow]:
    """Every derivation that was looked at, with what its flags say."""
    flagged = (flag.derivation for flag in quality.flags if flag.derivation)
    names = dict.fromkeys([*quality.measures, *flagged])
    return [_derivation(name, quality) for name in names]


def _derivation(name: str, quality: QualityReport) -> DerivationRow:
    flags = [flag for flag in quality.flags if flag.derivation == name]
    share = quality.measures.get(name, {}).get("artefact_pct")
    artefacts = "" if not share else f"; {share:.1f} % of its epochs are artefacts"
    return DerivationRow(name, f"{_judgement(flags)}{artefacts}", not flags)


def _judgement(flags: list[QualityFlag]) -> str:
    messages = "; ".join(flag.message for flag in flags)
    if any(flag.refused for flag in flags):
        return f"not used: {messages}"
    if any(flag.effect != "none" for flag in flags):
        return f"doubtful: {messages}"
    return f"good; noted: {messages}" if flags else "good"


def night_flags(quality: QualityReport) -> list[str]:
    """What the quality check says about the whole night."""
    return [flag.message for flag in quality.flags if flag.derivation is None]


def choices(staged: StagedNight) -> list[Fact]:
    """What was chosen for this night, and why."""
    provenance, lights, clock = staged.provenance, staged.lights, clock_of(staged)
    ends = (("off", lights.off_s, lights.off_source, "start"),
            ("on", lights.on_s, lights.on_source, "end"))  # fmt: skip
    facts = [
        Fact(f"{derivation['role'].upper()} {derivation['name']}",
             f"{derivation['why']}; {_channels(derivation)}")
        for derivation in provenance["derivations"]
    ]  # fmt: skip
    for word, seconds, source, stand_in in ends:
        at = clock.clock_at(seconds) or f"{duration(seconds)} after the start"
        reason = LIGHTS_FROM[source]
        if source == "recording":
            reason += f": the {stand_in} of the recording stands in for it"
        facts.append(Fact(f"Lights {word}", f"{at}; {reason}"))
    dose = staged.night.dose_end
    return [
        *facts,
        *([Fact("End of the dose", f"{_date_time(dose)}; {DOSE_FROM}")] if dose else []),
        *_stages(staged),
        *_window(provenance),
    ]


def _date_time(iso: str) -> str:
    return iso.replace("T", " ")


def _channels(derivation: Mapping[str, Any]) -> str:
    terms = derivation["terms"]
    if len(terms) == 1 and terms[0]["weight"] == 1:
        return f"channel {terms[0]['label']}"
    return "channels " + ", ".join(f"{term['weight']:+g} × {term['label']}" for term in terms)


def _stages(staged: StagedNight) -> list[Fact]:
    """Who staged the night, and how far an expert agrees."""
    engine, expert = staged.provenance["engine"], staged.expert
    scoring = staged.provenance.get("scoring")
    return [
        Fact("Stages", _stager(engine) if "classifier" in engine else whose_stages(staged)),
        *(_calibration(staged) if is_calibrated(staged) else []),
        *([Fact("Scoring", f"{scoring['name']}, {scoring['format']}")] if scoring else []),
        *([Fact("Agreement with the expert", _agreement(expert))] if expert else []),
    ]


def _calibration(staged: StagedNight) -> list[Fact]:
    """What changed the stager's probabilities, what it was made of, and what it predicts."""
    provenance = staged.provenance
    steps = (step["parameters"].get("calibration") for step in provenance["steps"])
    used: Mapping[str, Any] = next(filter(None, steps), {})
    recordings, derivations = used.get("recordings", ()), used.get("derivations", ())
    of = f" of {', '.join(derivations)}" if derivations else ""
    recording = provenance["recording"]["sha256"] or ""
    parts = [
        f"fitted to the scorers of {count_of(len(recordings), 'recording')}{of}",
        "the stages of neighbouring epochs count" if used.get("transitions")
        else "each epoch for itself",
        *(["it was fitted to this night, too, so it fits this one better than others"]
          if recording[:16] in recordings else []),
        f"SHA-256 {_known(used.get('sha256'))}",
    ]  # fmt: skip
    intervals = staged.prediction_intervals.items()
    return [
        Fact("Calibration", f"{provenance['engine']['calibration']}: {'; '.join(parts)}"),
        *(Fact(SCORERS_VALUES[endpoint],
               f"{low:.1f} to {high:.1f} % of TST (95 % prediction interval)")
          for endpoint, (low, high) in intervals if endpoint in SCORERS_VALUES),
    ]  # fmt: skip


def _agreement(expert: ExpertStages) -> str:
    if expert.accuracy is None:
        return "no epoch has a stage by both"
    kappa = "not defined" if expert.kappa is None else f"{expert.kappa:.3f}"
    epochs = count_of(expert.n_epochs, "epoch")
    return f"{100 * expert.accuracy:.1f} % of {epochs} have the same stage; kappa {kappa}"


def _stager(engine: Mapping[str, Any]) -> str:
    person = "age and sex were used" if engine["age_and_sex"] else "age and sex were not used"
    because = f"; in place of {engine['instead_of']}: {engine['why']}" if "why" in engine else ""
    classifier = f"classifier {_known(engine['classifier'])}, engine {engine['engine']}"
    return f"{engine['stager']}, {classifier}{because}; {person}"


def _window(provenance: Mapping[str, Any]) -> list[Fact]:
    window, pipeline = provenance["window"], provenance["pipeline"]
    lights = provenance["lights"]
    further = [
        *([Fact("Time zone", lights["timezone"])] if "timezone" in lights else []),
        *([Fact("Sleep period", f"number {lights['sleep_period']} of the recording")]
          if "sleep_period" in lights else []),
    ]  # fmt: skip
    epochs = f"epochs {window['first_epoch']} to {window['last_epoch'] - 1}"
    return [Fact("Staged", epochs), *further, Fact("Pipeline", str(pipeline["name"]))]


def provenance_facts(staged: StagedNight) -> list[Fact]:
    """Files, hashes and versions."""
    provenance = staged.provenance
    recording, engine = provenance["recording"], provenance["engine"]
    parts = recording.get("parts", [])
    files = ", ".join(part["name"] for part in parts) if parts else recording["name"]
    known = {"psgpipe": provenance["psgpipe"], **engine["versions"]}
    versions = ", ".join(f"{name} {version}" for name, version in known.items())
    steps = ", ".join(f"{step['name']} {step['version']}" for step in provenance["steps"])
    return [
        Fact("Night", night_title(staged.night)),
        Fact("Recording", files),
        Fact("Size, start", f"{_known(recording['bytes'])} bytes, {_known(recording['start'])}"),
        Fact("SHA-256 of the recording", _known(recording["sha256"])),
        Fact("SHA-256 of the pipeline", _known(provenance["pipeline"]["sha256"])),
        Fact("SHA-256 of the classifier", _known(engine.get("classifier_sha256"))),
        Fact("Versions", versions),
        Fact("Steps and their versions", steps),
    ]


def _known(value: object) -> str:
    return "not known" if value is None else str(value)
