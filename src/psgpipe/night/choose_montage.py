"""The montage of a night: the derivations that a pipeline asks for and that can be staged."""

from __future__ import annotations

from collections.abc import Sequence

from psgpipe.errors import QualityRefused
from psgpipe.model.header import Channel, Finding, Header
from psgpipe.model.montage import Candidates, ChannelSource, LabelTable, Montage, Role
from psgpipe.model.summary import QualityFlag
from psgpipe.montage.candidates import best_montage, candidates, missing_derivation
from psgpipe.montage.channel_labels import understand
from psgpipe.night.definition import Definition
from psgpipe.night.steps.reference import ReferenceParams

WRONG_SIZE = ("flat", "amplitude-low", "amplitude-high")
"""Flags of a signal whose unit may be another one."""
OF_THE_UNIT = {
    "arrays": 'Are the numbers microvolts? Else give their unit, such as units="V". ',
    "Raw": "Are the numbers volts, as in every mne.io.Raw? Else multiply them. ",
}
"""By container: what to do about a unit that no file states."""


def wanted_derivations(definition: Definition) -> dict[Role, tuple[str, ...]]:
    """The derivations that a pipeline asks for, by role; a consensus names its EEG itself."""
    wanted = dict(definition.params["reference"].wanted)
    return wanted | {"eeg": definition.params["stage_sleep"].consensus or wanted["eeg"]}


def sources_of(
    channels: Sequence[Channel], definition: Definition, label_table: LabelTable | None
) -> tuple[ChannelSource, ...]:
    """What each channel measures, with the units that the pipeline declares."""
    params: ReferenceParams = definition.params["reference"]
    return understand(channels, label_table, params.declared_units)


def label_findings(
    sources: Sequence[ChannelSource], label_table: LabelTable | None
) -> tuple[Finding, ...]:
    """Labels that are electrode numbers of another system, unless a label table says what they are.

    They matter where something can be built from other channels.
    """
    reasons = [source.refused for source in sources if source.is_numbered and source.refused]
    if not reasons or label_table is not None:
        return ()
    message = f"{reasons[0]}: psgpipe does not use them; a label table can name them"
    return (Finding("electrode-numbers", message),)


def candidates_from(sources: Sequence[ChannelSource], definition: Definition) -> Candidates:
    """Every derivation that the pipeline asks for and that can be built."""
    params: ReferenceParams = definition.params["reference"]
    return candidates(sources, wanted_derivations(definition), min_fs_hz=params.min_fs_hz)


def choose_montage(
    found: Candidates, definition: Definition, refused: Sequence[QualityFlag] = ()
) -> Montage:
    """The best derivation of each role that quality has not refused; for a consensus all EEG."""
    return best_montage(
        found,
        refused=frozenset(flag.derivation for flag in refused),
        every_eeg=bool(definition.params["stage_sleep"].consensus),
    )


def empty_role(montage: Montage, found: Candidates, definition: Definition) -> Role | None:
    """The first role that the pipeline needs and that the montage lacks, or None."""
    filled = {derivation.role for derivation in montage.derivations}
    needed = [r for r in found.wanted if r not in definition.params["reference"].optional]
    return next((role for role in needed if role not in filled), None)


def require_buildable(
    montage: Montage,
    found: Candidates,
    sources: Sequence[ChannelSource],
    definition: Definition,
    header: Header,
) -> None:
    """Refuse a recording from which a role that the pipeline needs cannot be built."""
    role = empty_role(montage, found, definition)
    if role is not None:
        params: ReferenceParams = definition.params["reference"]
        raise missing_derivation(
            found, role, sources,
            file=header.file, container=header.container, min_fs_hz=params.min_fs_hz,
        )  # fmt: skip


def require_fit(
    montage: Montage,
    found: Candidates,
    definition: Definition,
    refused: Sequence[QualityFlag],
    header: Header,
) -> None:
    """Refuse a recording of which quality has refused every derivation of a role."""
    role = empty_role(montage, found, definition)
    if role is None:
        return
    names = [derivation.name for derivation in found.of(role)]
    flags = [flag for flag in refused if flag.refused and flag.derivation in names]
    reasons = "; ".join(f"{flag.derivation}: {flag.message}" for flag in flags)
    wrong_size = any(flag.code in WRONG_SIZE for flag in flags)
    unit = OF_THE_UNIT.get(header.container, "") if wrong_size else ""
    raise QualityRefused(
        f"{header.file}: no {role.upper()} derivation is fit to be staged: {reasons}",
        f"{unit}Look at the signal; list another derivation, or exclude the night.",
    )
