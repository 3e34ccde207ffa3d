"""Whether it matters when the largest cryptomarket is taken down.

The study ``experiments/studies/takedown-timing-sweep.yaml`` from Python, to copy and change. It can be stopped, and goes on when it is
started again::

    python experiments/takedown_timing_sweep.py
"""

from pathlib import Path

from sim import Results, Study, run_study

OUT = Path("results/takedown-timing-sweep")


def main() -> None:
    study = Study.load(
        "takedown-timing-sweep"
    )  # Study.load("takedown-timing-sweep", replications=4) changes a key of the file
    run_study(study, OUT, resume=(OUT / "study.json").exists())
    print(Results(OUT).answer("effects").to_string(max_rows=60))


if __name__ == "__main__":
    main()
