"""What ``psgpipe check`` says of one recording: its channels, what is odd, and a verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from psgpipe.cli.printing import printable, table, wrapped
from psgpipe.messages import count_of

WORDS = {
    "artefact": "many artefacts",
    "amplitude-high": "too large; is its unit right?",
    "amplitude-low": "too small; poor contact, or a wrong unit",
    "clipped": "clipped",
    "copy": "the same signal as another derivation",
    "dropout": "samples were lost",
    "eeg-in-emg": "EEG and EOG in it",
    "eog-like": "looks like an EOG",
    "flat": "flat for much of the time",
    "gain-change": "its gain changes",
    "heartbeat": "ECG in it",
    "high-frequency": "noise or muscle",
    "mains": "mains hum, which staging filters out",
    "monotonous": "does not change as sleep does",
    "noise": "noise in many epochs",
    "not-finite": "samples that are no numbers",
    "rate-low": "sampled too slowly",
    "repeated": "repeats earlier signal",
    "resolution": "coarse steps",
    "slope-flat": "mostly noise",
    "slow": "slower than any EEG",
    "incomplete": "much of the night has no signal to stage",
    "too-short": "too short",
    "unscored": "some of the night has no signal to stage",
}
"""Flags of a derivation in words of a technician."""
GOOD = "good"


def recording_text(
    checked: dict[str, Any], *, verbose: bool = False, width: int | None = None
) -> str:
    """One recording for a person to read; the measures are shown with `verbose`.

    Parameters
    ----------
    width
        Columns of the terminal; None wraps no line.
    """
    lines = [f"{checked['file']}: {checked['state']}"]
    if checked["container"]:
        start = checked["start"] or checked["start_clock"] or "unknown"
        lines.append(f"  {checked['container']}, starts {start}, {_duration(checked)}")
        lines.append(table(_channel_rows(checked["channels"]), indent="    "))
        lines += _derivation_lines(checked)
        lines += _lights_lines(checked)
    quality = checked.get("quality") or {"flags": [], "measures": {}}
    shown, left_out = _shown_findings(checked, verbose=verbose)
    findings = [*shown, *quality["flags"]]
    # A finding that makes the numbers doubtful is a quality flag, too.
    lines += [f"  ! {code}: {message}" for code, message in _each_once(findings)]
    if left_out:
        what = f"{count_of(left_out, 'finding')} about channels that are not read as anything"
        lines.append(f"  {what}: -v shows {'it' if left_out == 1 else 'them'}")
    if verbose:
        lines += _measure_lines(quality)
    error = checked["error"]
    if error:
        lines += [f"  {error['problem']}", f"    {error['remedy']}"]
    if checked["container"]:
        lines.append(f"  {verdict(checked)}")
    texts = (line for line in dict.fromkeys(lines) if line)
    # A table is not wrapped: its lines are columns.
    return "\n".join(text if "\n" in text else wrapped(printable(text), width) for text in texts)


def verdict(checked: dict[str, Any]) -> str:
    """``C4-M1: good; chin: noise in many epochs; can be staged: yes``."""
    quality = checked.get("quality")
    parts = []
    if quality:
        flags = quality["flags"]
        names = dict.fromkeys([*quality["measures"], *(f["derivation"] for f in flags)])
        parts = [
            f"{name}: {_in_words([f for f in flags if f['derivation'] == name])}"
            for name in names
            if name is not None
        ]
        parts += dict.fromkeys(_word(flag) for flag in flags if flag["derivation"] is None)
    return "; ".join([*parts, f"can be staged: {_can_be_staged(checked)}"])


def _shown_findings(checked: dict[str, Any], *, verbose: bool) -> tuple[list[dict[str, Any]], int]:
    """The findings to show, and how many are left out: those of channels without a meaning."""
    unread = {c["label"] for c in checked.get("channels", ()) if c["plus"] is None}
    findings = checked["findings"]
    shown = [f for f in findings if verbose or f.get("channel") not in unread]
    return shown, len(findings) - len(shown)


def _in_words(flags: list[dict[str, Any]]) -> str:
    if not flags:
        return GOOD
    words = ", ".join(dict.fromkeys(_word(flag) for flag in flags))
    return f"not used, {words}" if any(flag["refused"] for flag in flags) else words


def _word(flag: dict[str, Any]) -> str:
    code: str = flag["code"]
    return WORDS.get(code, code.replace("-", " "))


def _can_be_staged(checked: dict[str, Any]) -> str:
    if checked["error"]:
        return "no"
    quality = checked.get("quality")
    if quality is None:
        return "yes, by its header"
    doubtful = any(flag["effect"] != "none" for flag in quality["flags"])
    return "yes, with doubts" if doubtful else "yes"


def _each_once(findings: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    yield from dict.fromkeys((f["code"], f["message"]) for f in findings)


def _duration(checked: dict[str, Any]) -> str:
    minutes, gap_s = checked["span_s"] / 60, checked["span_s"] - checked["duration_s"]
    gaps = f", gaps of {gap_s:g} s in all" if gap_s > 1e-3 else ""
    length = f"{minutes:.1f} min" if minutes < 120 else f"{minutes / 60:.2f} h"
    return length + gaps


def _channel_rows(channels: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("channel", "rate", "unit", "read as")]
    for channel in channels:
        rate = "?" if channel["fs_hz"] is None else f"{channel['fs_hz']:g} Hz"
        plus, minus = channel["plus"], channel["minus"]
        meaning = "-" if plus is None else plus if plus == minus else f"{plus}-{minus}"
        if channel["refused"] and plus is not None:
            meaning += f" (not used: {channel['refused']})"
        rows.append((channel["label"], rate, channel["unit"], meaning))
    return rows


def _derivation_lines(checked: dict[str, Any]) -> list[str]:
    if "chosen" in checked:
        return [f"  {c['role'].upper()} {c['name']}: {c['why']}" for c in checked["chosen"]]
    lines = []
    for role in dict.fromkeys(d["role"] for d in checked["derivations"]):
        built = [d["name"] for d in checked["derivations"] if d["role"] == role]
        lines.append(f"  {role.upper()}: {', '.join(built)}")
    return lines or ["  no derivation of the pipeline can be built"]


def _lights_lines(checked: dict[str, Any]) -> Iterator[str]:
    """Where lights off and lights on are annotations of the recording, and where they are not."""
    if "lights" not in checked:
        return
    lights = checked["lights"]
    off_source, _, on_source = lights["source"].partition("/")
    sources = {"off": off_source, "on": on_source or off_source}
    known = [side for side, source in sources.items() if source != "recording"]
    times = (f"lights {side} {lights[side] or _seconds(lights[f'{side}_s'])}" for side in known)
    if known:
        yield f"  {', '.join(times)}, by annotation"
    missing = [side for side in sources if side not in known]
    if missing:
        what = " and ".join(f"lights {side}" for side in missing)
        options = " and ".join(f"--lights-{side}" for side in missing)
        them = "them" if len(missing) > 1 else "it"
        yield f"  no annotation of {what}: give {them} with {options}, or in the study table"


def _seconds(seconds: float) -> str:
    return f"{seconds:g} s from the start"


def _measure_lines(quality: dict[str, Any]) -> Iterator[str]:
    for name, measures in quality["measures"].items():
        shown = (f"{key} {value:.3g}" for key, value in measures.items() if value is not None)
        yield f"  {name}: {', '.join(shown)}"
