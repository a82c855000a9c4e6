"""Random damage to recordings: the reader must read them, warn or refuse them.

    python benchmarks/fuzz_reader.py [MINUTES] [--seed N] [--keep FOLDER]

The benchmark changes headers, TALs and gzip streams. Each file goes through ``read_header``,
``read_annotations``, ``read_recording`` and ``anonymise``. Any outcome except a result or a
``PsgpipeError`` is an escape: the benchmark keeps the file and ends with exit code 1.
"""

from __future__ import annotations

import argparse
import gzip
import random
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.edf_files import Signal, annotations, edf_bytes, keeping_time

from psgpipe.edf.anonymise import anonymise
from psgpipe.edf.reader import read_annotations, read_header, read_recording
from psgpipe.errors import PsgpipeError

SLOW_S = 2.0
MEMORY_BYTES = 2**30
NASTY = [
    *(b"", b"0", b"-1", b"-0", b"1e9", b"1e300", b"1e-9", b"99999999", b"-9999999", b"nan", b"inf"),
    *(b"0,5", b"1,000", b"1.5", b"+3", b"0x10", b"1_0", b"\xb5V", b"V", b"uV", b"MV", b"\0" * 8),
    *(b"\xff" * 8, b"EDF+C", b"EDF+D", b"BDF+D", b"24BIT", b"00.00.00", b"32.13.99", b"23.59.59"),
]
TAL_PIECES = [
    *(b"+", b"-", b"0", b"9", b"+1", b"-5", b"+1e9", b"+99999999999", b".5", b",5", b"e99"),
    *(b"\x14", b"\x14\x14", b"\x15", b"\0", b"\x14\x14\0", b"Sleep stage W", b"\xe9", b"\xff"),
]


def bases() -> dict[str, bytes]:
    """Good files of every kind, small."""
    texts = {2: b"+2\x1530\x14Sleep stage W\x14\x00", 7: b"+7.5\x14Lights off\x14\x00"}
    keep = keeping_time(texts=texts)
    gap = keeping_time([*range(20), *range(50, 70)], texts)
    chin = Signal(label="EMG chin")
    return {
        "EDF": edf_bytes([Signal(), chin], 40),
        "EDF+C": edf_bytes([Signal(), chin, annotations(keep)], 40, reserved="EDF+C"),
        "EDF+D": edf_bytes([annotations(gap), Signal(), chin], 40, reserved="EDF+D"),
        "BDF": edf_bytes([Signal(), chin], 40, is_bdf=True, reserved="24BIT"),
        "BDF+D": edf_bytes([Signal(), annotations(gap)], 40, reserved="BDF+D", is_bdf=True),
        "one record": edf_bytes([Signal(per_record=4000)], 1, record_s=40),
        "annotations": edf_bytes([annotations(keep, 600)], 1, record_s=0, reserved="EDF+C"),
    }


def header_bytes(content: bytes) -> int:
    """Where the data of a base file begin."""
    return int(content[184:192])


def some_bytes(content: bytearray, rng: random.Random) -> bytearray:
    """Change a few bytes, mostly of the header."""
    header_end = header_bytes(bytes(content))
    for _ in range(rng.randint(1, 8)):
        end = len(content) if rng.random() < 0.2 else header_end
        content[rng.randrange(end)] = rng.randrange(256)
    return content


def a_field(content: bytearray, rng: random.Random) -> bytearray:
    """Replace a header field by an invalid value."""
    at = rng.choice([0, 168, 176, 184, 192, 236, 244, 252])
    if rng.random() < 0.7:
        at = 256 + 8 * rng.randrange((header_bytes(bytes(content)) - 256) // 8)
    width = 4 if at == 252 else 8
    content[at : at + width] = rng.choice(NASTY)[:width].ljust(width)
    return content


def a_splice(content: bytearray, rng: random.Random) -> bytearray:
    """Lose, gain or repeat some bytes."""
    at, n = rng.randrange(len(content)), rng.randint(1, 400)
    if rng.random() < 0.4:
        return content[:at] + content[at + n :]
    if rng.random() < 0.5:
        return content[:at] + bytearray(rng.randbytes(n)) + content[at:]
    other = rng.randrange(len(content))
    content[at : at + n] = content[other : other + n]
    return content


def a_cut(content: bytearray, rng: random.Random) -> bytearray:
    """Cut the file at a random place."""
    return content[: rng.randrange(len(content) + 1)]


def a_tal(content: bytearray, rng: random.Random) -> bytearray:
    """Change the annotations."""
    soup = b"".join(rng.choice(TAL_PIECES) for _ in range(rng.randint(1, 40)))
    at = rng.randrange(header_bytes(bytes(content)), len(content))
    keeper = content.find(b"\x14\x14", at)
    at = max(keeper - 2, header_bytes(bytes(content))) if keeper >= 0 and rng.random() < 0.8 else at
    content[at : at + len(soup)] = soup
    return content


MUTATIONS: dict[str, Callable[[bytearray, random.Random], bytearray]] = {
    "bytes": some_bytes,
    "field": a_field,
    "splice": a_splice,
    "cut": a_cut,
    "TAL": a_tal,
}


def damaged(good: dict[str, bytes], rng: random.Random) -> tuple[str, bytes]:
    """A damaged file, and the kind of damage."""
    kind = rng.choice(list(good))
    how = [rng.choice(list(MUTATIONS))]
    content = MUTATIONS[how[0]](bytearray(good[kind]), rng)
    if rng.random() < 0.3:
        content = bytearray(gzip.compress(bytes(content), 1))
        how.append("gzip")
        if rng.random() < 0.6:
            for _ in range(rng.randint(1, 4)):
                content[rng.randrange(len(content))] = rng.randrange(256)
            how.append("damaged")
    return f"{kind}: {' '.join(how)}", bytes(content)


def outcome(name: str, read: Callable[[Path], object], path: Path) -> str:
    """The outcome of one call; raises every error that is not a ``PsgpipeError``."""
    try:
        result = read(path)
    except PsgpipeError as error:
        if not error.problem.isprintable():
            raise AssertionError("a message that cannot be printed") from error
        return f"{name} refused: {error.kind}"
    findings = getattr(result, "findings", ())
    signals_uv = getattr(result, "signals_uv", None)
    if signals_uv is not None and not np.isfinite(signals_uv).all():
        raise AssertionError("samples that are not finite")
    return f"{name} {'read with findings' if findings else 'read'}"


def copy_of(path: Path) -> None:
    """Write an anonymous copy beside the file."""
    out = path.with_name("copy.edf")
    out.unlink(missing_ok=True)
    anonymise(path, out)


CALLS: dict[str, Callable[[Path], object]] = {
    "header": read_header,
    "annotations": lambda path: read_annotations(path)[0],
    "recording": read_recording,
    "copy": copy_of,
}


def fuzz(minutes: float, seed: int, keep: Path) -> int:
    """Damage and read files for this many minutes; 1 if an error escaped or took too long."""
    warnings.simplefilter("error")  # an overflow is an escape, too
    rng, good, counts = random.Random(seed), bases(), Counter()
    n_files = n_escapes = 0
    slowest_s, end = 0.0, time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "night.edf"
        while time.monotonic() < end:
            how, content = damaged(good, rng)
            path.write_bytes(content)
            n_files += 1
            for name, call in CALLS.items():
                if name == "copy" and n_files % 10:
                    continue  # flushing to disk would take most of the time
                began = time.monotonic()
                try:
                    counts[outcome(name, call, path)] += 1
                except Exception:
                    n_escapes += 1
                    keep.mkdir(parents=True, exist_ok=True)
                    (keep / f"escape-{seed}-{n_files}.edf").write_bytes(content)
                    print(f"ESCAPE ({name}; {how})\n{traceback.format_exc()}")
                slowest_s = max(slowest_s, time.monotonic() - began)
    print(f"{n_files} files, {n_escapes} escapes, slowest call {slowest_s:.2f} s (seed {seed})")
    for what, count in sorted(counts.items()):
        print(f"{count:9}  {what}")
    return 1 if n_escapes or slowest_s > SLOW_S else 0


def main() -> int:
    """Parse the command line, limit memory, and go."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("minutes", type=float, nargs="?", default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("escapes"))
    options = parser.parse_args()
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    return fuzz(options.minutes, options.seed, options.keep)


if __name__ == "__main__":
    sys.exit(main())
