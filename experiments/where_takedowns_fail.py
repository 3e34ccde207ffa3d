"""In which worlds a takedown fails, by PRIM.

The study ``experiments/studies/where-takedowns-fail.yaml`` from Python, to copy and change. It can be stopped, and goes on when it is started
again. In full it takes an hour; ``discover.points=128`` makes it smaller::

    python experiments/where_takedowns_fail.py
"""

from pathlib import Path

from sim import Results, Study, run_study

OUT = Path("results/where-takedowns-fail")


def main() -> None:
    study = Study.load(
        "where-takedowns-fail"
    )  # Study.load("where-takedowns-fail", ["discover.points=128"]) changes a key of the file
    run_study(study, OUT, resume=(OUT / "study.json").exists())
    print(Results(OUT).answer("boxes").to_string(max_rows=60))


if __name__ == "__main__":
    main()
