"""Every input that ever failed: refused in words or taken, without a look elsewhere, in under two seconds."""

import random
import time

import pytest

from tests import fuzz, hostile
from tests.hostile import CORPUS, READERS, WrongError, judge, kept

KEPT = list(kept())


@pytest.mark.parametrize(("kind", "content"), [pytest.param(k, c, id=f"{k}-{n}") for k, n, c in KEPT])
def test_an_input_that_failed_once_fails_no_more(kind, content, tmp_path):
    judge(kind, content, tmp_path)


def test_every_kind_has_inputs_and_every_file_is_small():
    assert {kind for kind, _, _ in KEPT} == set(READERS)
    assert len(KEPT) > 120
    for file in CORPUS.rglob("*"):
        assert file.is_dir() or file.stat().st_size <= 4_096, file


def test_what_must_not_happen_is_noticed(tmp_path, monkeypatch):
    """The judge sees a look elsewhere, a long time, a secret told, and a traceback."""
    wrong = {
        "looks": lambda file: (file.parents[1] / "outside/secret.yaml").read_bytes().hex(),
        "tells": lambda file: hostile.SECRET,
        "breaks": lambda file: str(1 / 0),
        "dawdles": lambda file: _busy(),
    }
    monkeypatch.setattr(hostile, "SECONDS", 0.5)
    for name, expected in (
        ("looks", WrongError),
        ("tells", WrongError),
        ("breaks", ZeroDivisionError),
        ("dawdles", WrongError),
    ):
        monkeypatch.setitem(READERS, "override", wrong[name])
        with pytest.raises(expected):
            judge("override", b"days=3", tmp_path / name)


def _busy():
    end = time.process_time() + 0.6
    while time.process_time() < end:
        pass
    return ""


def test_what_fuzzing_finds_is_made_small(monkeypatch):
    """Of an input that breaks something, what is kept is what it takes to break it."""

    def read(file):
        if b"!!" in file.read_bytes():
            raise KeyError("no words")
        return ""

    monkeypatch.setitem(READERS, "override", read)
    long = b"days: 30\n" * 20 + b"name: x!!y\n" + b"seed: 1\n" * 20
    error = fuzz.tried("override", long)
    assert isinstance(error, KeyError)
    assert fuzz.smaller("override", long, error, time.monotonic() + 60) == b"!!"
    assert fuzz.tried("override", b"days: 30") is None


def test_fuzzing_makes_of_a_seed_the_same_inputs_and_of_another_others():
    start = [b"days: 30\nname: x\n"]
    made = [[fuzz.changed(start[0], start, random.Random(seed)) for _ in range(20)] for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]
