"""Which of all parameters matter at all, by Morris' elementary effects.

The study ``experiments/studies/morris-all.yaml`` from Python, to copy and change. It can be stopped, and goes on when it is started
again. In full it takes hours; ``sensitivity.samples=4`` makes it smaller::

    python experiments/morris_all.py
"""

from pathlib import Path

from sim import Results, Study, run_study

OUT = Path("results/morris-all")


def main() -> None:
    study = Study.load("morris-all")  # Study.load("morris-all", ["sensitivity.samples=4"]) changes a key of the file
    run_study(study, OUT, resume=(OUT / "study.json").exists())
    print(Results(OUT).answer("indices").to_string(max_rows=60))


if __name__ == "__main__":
    main()
