"""Throws broken input at everything that reads what people send: `python -m tests.fuzz --seconds 60`, or `make fuzz`.

Inputs are made of those of `tests/corpus/`, of what ships, and of pieces that readers stumble over, by a seed that is printed. One that fails is made smaller,
kept in `tests/corpus/KIND/`, where `tests/test_corpus.py` reads it from then on, and named at the end, with exit code 1. What hangs is
ended with a traceback of where; its input stands in the file that was named at the start.
"""

from __future__ import annotations

import argparse
import faulthandler
import hashlib
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.hostile import CORPUS, HOSTILE_FOLDERS, ROOT, SUFFIX, generated, judge

HANGS = 30
"""Seconds after which an input counts as one that never ends."""
LARGEST = 4_096
"""Bytes of an input that is kept; what fails only when it is larger is not, and is named all the same."""
PIECES = [
    *(
        b"!!bool x",
        b'!!int ""',
        b"!!timestamp x",
        b"!!python/name:os.system",
        b"&a",
        b"*a",
        b"<<: ",
        b"? ",
        b"- ",
        b": ",
    ),
    *(
        b"\t",
        b"\0",
        b"\xff",
        b"\xed\xa0\x80",
        b"\xe2\x80\xa8",
        b"\r",
        b"\n---\n",
        b"|",
        b">",
        b"'",
        b'"',
        b"{",
        b"}",
        b"[",
    ),
    *(
        b"]",
        b"[[[[[[",
        b"null",
        b"~",
        b"true",
        b".nan",
        b"-.inf",
        b"1e999",
        b"010",
        b"1:30",
        b"2020-01-01",
        b"9" * 50,
        b"-1",
    ),
    *(
        b"0",
        b"1e-300",
        b"[/x]",
        b"<script>",
        b"rows[0]",
        b"CON",
        b"../..",
        b"{OUTSIDE}/secret.yaml",
        b"extends: ",
        b"uses: ",
    ),
    *(
        b"substances: ",
        b"policies: ",
        b"after: ",
        b"when: ",
        b"parameters: ",
        b"name: ",
        b"name,",
        b",,,",
        b"select ",
        b"; ",
    ),
    *(b"--", b"read_text('{OUTSIDE}/secret.yaml')", b"\\u0000", b"%s", b"\x1b[2J"),
]
"""What readers stumble over."""


def seeds() -> dict[str, list[bytes]]:
    """Inputs to start from, by kind."""
    found = {kind: [file.read_bytes() for file in sorted((CORPUS / kind).iterdir())] for kind in SUFFIX}
    for kind, folder in (("scenario", "scenarios"), ("study", "studies")):
        found[kind] += [file.read_bytes() for file in sorted((ROOT / "experiments" / folder).glob("*.yaml"))]
    found["table"].append(
        b"name,group,dose_mg,needs.patient,sources\nnitazene,opioid,0.5,0.1,a; b\nfakepill,benzodiazepine,1,,\n"
    )
    found["query"] += [
        b"select scenario, avg(orders) from outcomes group by all",
        b"select * from daily join plan using (run)",
    ]
    found["override"] += [
        b"policies.takedown.start=30",
        b"parameters.choice.crypto=0.5",
        b"consumers=1000",
        b"jurisdictions.europe.people=1",
    ]
    return found


def changed(content: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """An input with up to six things done to it."""
    for _ in range(rng.randint(1, 6)):
        lines = content.split(b"\n")
        at, to = sorted(rng.randint(0, len(content)) for _ in range(2))
        a, b = (rng.randrange(len(lines)) for _ in range(2))
        match rng.randrange(9):
            case 0:
                content = content[:at] + content[to:]
            case 1:
                content = content[:at] + rng.choice(PIECES) + content[at:]
            case 2:
                content = content[:at] + rng.choice(PIECES) + content[to if to - at < 40 else at :]
            case 3:
                lines[a], lines[b] = lines[b], lines[a]
                content = b"\n".join(lines)
            case 4:
                content = b"\n".join([*lines[:a], lines[b], *lines[a:]])
            case 5:
                key = lines[a].split(b":")[0]
                content = b"\n".join([*lines[:a], key + b": " + rng.choice(PIECES), *lines[a + 1 :]])
            case 6:
                content = content[:at] + content[at:to] * rng.randint(2, 5) + content[to:]
            case 7:
                other = rng.choice(others)
                content = content[:at] + other[rng.randint(0, len(other)) :][:200] + content[at:]
            case 8:
                content = content[:at] + bytes([rng.randrange(256)]) + content[at + 1 :]
    return content[:200_000]


def damaged(rng: random.Random) -> Callable[[Path], None]:
    """Something done to a folder of results: a hostile change that is known, or bytes of its files changed."""
    known = [HOSTILE_FOLDERS[name] for name in rng.sample(sorted(HOSTILE_FOLDERS), rng.randint(0, 2))]
    seed = rng.random()

    def do(out: Path) -> None:
        own = random.Random(seed)
        files = sorted(path for path in out.rglob("*") if path.is_file())
        for path in own.sample(files, min(len(files), own.randint(1, 3))):
            path.write_bytes(changed(path.read_bytes(), [b"{}", b"[]"], own))
        for change in known:
            with suppress(
                OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError
            ):  # it may need what another took
                change(out)

    return do


def tried(kind: str, content: bytes | Callable[[Path], None]) -> Exception | None:
    """What an input breaks; None if nothing."""
    base = Path(tempfile.mkdtemp(prefix="odm-fuzz-"))
    faulthandler.dump_traceback_later(HANGS, exit=True)
    try:
        judge(kind, content, base)
    except Exception as error:
        return error
    finally:
        faulthandler.cancel_dump_traceback_later()
        shutil.rmtree(base, ignore_errors=True)
    return None


def smaller(kind: str, content: bytes, error: Exception, until: float) -> bytes:
    """The input without what it does not need to fail in the same way."""
    size = max(1, len(content) // 2)
    while size and time.monotonic() < until:
        at = 0
        while at < len(content) and time.monotonic() < until:
            less = content[:at] + content[at + size :]
            if type(tried(kind, less)) is type(error):
                content = less
            else:
                at += size
        size //= 2
    return content


def fuzz(seconds: float, seed: int, folder: Path = CORPUS) -> list[str]:
    """Try inputs for a time; returns what failed, a line each."""
    rng, start, last = random.Random(seed), seeds(), Path(tempfile.gettempdir()) / "odm-fuzz-last"
    every = [content for contents in start.values() for content in contents]
    print(f"seed {seed}; the input that is tried stands in {last}", flush=True)
    tries: Counter[str] = Counter()
    failed: dict[str, str] = {}
    for kind, content in generated().values():
        start[kind].append(content[:2_000].encode())
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        kind = rng.choice([*SUFFIX, "folder"])
        content = damaged(rng) if kind == "folder" else changed(rng.choice(start[kind]), every, rng)
        last.write_bytes(content if isinstance(content, bytes) else f"folder, try {sum(tries.values())}".encode())
        tries[kind] += 1
        error = tried(kind, content)
        if error is None:
            continue
        frame = error.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        where = (
            f"{kind}: {type(error).__name__} at {Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}"
            if frame
            else kind
        )
        if where in failed:
            continue
        failed[where] = f"{where}: {' '.join(str(error).split())[:200]}"
        if isinstance(content, bytes):
            content = smaller(kind, content, error, time.monotonic() + 20)
            if len(content) <= LARGEST:
                path = folder / kind / f"found-{hashlib.sha256(content).hexdigest()[:12]}{SUFFIX[kind]}"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                failed[where] += f" (kept as {path})"
        print(failed[where], flush=True)
    print(
        f"{sum(tries.values()):,} inputs ({', '.join(f'{n} {kind}' for kind, n in sorted(tries.items()))}), {len(failed)} kinds of failure"
    )
    return list(failed.values())


def main() -> int:
    """Fuzz from the command line."""
    parser = argparse.ArgumentParser(description="Throw broken input at everything that reads what people send.")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None, help="decides which inputs; by default others each time")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(2**31)
    return 1 if fuzz(given.seconds, seed) else 0


if __name__ == "__main__":
    sys.exit(main())
