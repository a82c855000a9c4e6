"""Collect all wheels that another machine needs to install psgpipe without a network.

``make wheelhouse`` runs it. Without options the wheels are for this Python and this platform. The
folder then holds the wheels of the runtime lock, psgpipe's own wheel, and ``requirements.txt`` with
the hash of each.
"""

import argparse
import hashlib
import re
import subprocess
import sys
from pathlib import Path

from packaging.markers import Marker, default_environment

CHECKOUT = Path(__file__).resolve().parents[1]
LOCK = CHECKOUT / "requirements-runtime.lock"
OLDEST_GLIBC = 17
"""Wheels for glibc 2.17 work with any newer one; pip wants each named."""


def main() -> None:
    """Fill the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python", help="the Python version of the other machine, as in 3.12")
    parser.add_argument("--platform", help="its platform, as in manylinux_2_28_x86_64")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    requirements = options.folder / "requirements.txt"
    environment = environment_of(options.python, options.platform)
    requirements.write_text(for_environment(LOCK.read_text("utf-8"), environment), "utf-8")
    run("pip", "download", "--quiet", "--require-hashes", "--only-binary", ":all:", "--no-deps",
        "--dest", str(options.folder), *tags(options.python, options.platform),
        "-r", str(requirements))  # fmt: skip
    for old in options.folder.glob("psgpipe-*.whl"):
        old.unlink()
    run("hatchling", "build", "-t", "wheel", "-d", str(options.folder.resolve()))
    (own,) = options.folder.glob("psgpipe-*.whl")
    sha256 = hashlib.sha256(own.read_bytes()).hexdigest()
    with requirements.open("a", encoding="utf-8") as file:
        file.write(f"psgpipe=={own.name.split('-')[1]} \\\n    --hash=sha256:{sha256}\n")


def run(*command: str) -> None:
    """Run a module of this Python, and leave where it fails."""
    subprocess.run([sys.executable, "-m", *command], cwd=CHECKOUT, check=True)  # noqa: S603


def environment_of(python: str | None, platform: str | None) -> dict[str, str]:
    """What the conditions of a lock ask about: this machine, or the one that is named."""
    environment = {key: str(value) for key, value in default_environment().items()}
    if python is not None:
        if re.fullmatch(r"3\.\d+", python) is None:
            sys.exit(f"the Python version is {python!r}, wanted for example 3.12")
        environment |= {"python_version": python, "python_full_version": f"{python}.0"}
    for start, sys_platform, system in (
        ("manylinux", "linux", "Linux"), ("macosx", "darwin", "Darwin"), ("win", "win32", "Windows")
    ):  # fmt: skip
        if platform is not None and platform.startswith(start):
            environment |= {"sys_platform": sys_platform, "platform_system": system}
            environment |= {"os_name": "nt" if start == "win" else "posix"}
            environment["platform_machine"] = platform.split("_", 3)[-1]
    return environment


def for_environment(lock: str, environment: dict[str, str]) -> str:
    """The requirements of a lock that hold in an environment, without their conditions."""
    lines = [line for line in lock.splitlines() if line and not line.lstrip().startswith("#")]
    requirements: list[str] = []
    for line in lines:
        if line.startswith(" "):
            requirements[-1] += f"\n{line}"
        else:
            requirements.append(line)
    kept = []
    for text in requirements:
        match = re.match(r"(?P<name>\S+==\S+)(?: ; (?P<marker>[^\\\n]+?))?(?P<rest> \\\n|$)", text)
        if match is None:
            sys.exit(f"{LOCK.name}: wanted a pinned requirement, found {text.splitlines()[0]!r}")
        if match["marker"] is None or Marker(match["marker"]).evaluate(environment):
            kept.append(match["name"] + match["rest"] + text[match.end() :])
    return "\n".join(kept) + "\n"


def tags(python: str | None, platform: str | None) -> list[str]:
    """The options by which pip chooses wheels for another machine."""
    options = [] if python is None else ["--python-version", python, "--implementation", "cp"]
    if platform is None:
        return options
    glibc = re.fullmatch(r"manylinux_2_(\d+)_(\w+)", platform)
    if glibc is None:
        return [*options, "--platform", platform]
    newest, machine = int(glibc[1]), glibc[2]
    names = [f"manylinux_2_{minor}_{machine}" for minor in range(newest, OLDEST_GLIBC - 1, -1)]
    names += [f"manylinux2014_{machine}", f"linux_{machine}"]
    return options + [word for name in names for word in ("--platform", name)]


if __name__ == "__main__":
    main()
