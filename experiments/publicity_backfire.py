"""Whether the publicity of a takedown deters, or advertises.

The study ``experiments/studies/publicity-backfire.yaml`` from Python, to copy and change. It can be stopped, and goes on when it is
started again::

    python experiments/publicity_backfire.py
"""

from pathlib import Path

from sim import Results, Study, run_study

OUT = Path("results/publicity-backfire")


def main() -> None:
    study = Study.load(
        "publicity-backfire"
    )  # Study.load("publicity-backfire", replications=4) changes a key of the file
    run_study(study, OUT, resume=(OUT / "study.json").exists())
    print(Results(OUT).answer("effects").to_string(max_rows=60))


if __name__ == "__main__":
    main()
