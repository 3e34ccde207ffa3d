"""Rank the packages that ship, with how sure the order is.

The study ``experiments/studies/policy-ranking.yaml`` from Python, to copy and change. It can be stopped, and goes on when it is
started again::

    python experiments/policy_ranking.py
"""

from pathlib import Path

from sim import Results, Study, run_study

OUT = Path("results/policy-ranking")


def main() -> None:
    study = Study.load("policy-ranking")  # Study.load("policy-ranking", replications=4) changes a key of the file
    run_study(study, OUT, resume=(OUT / "study.json").exists())
    print(Results(OUT).answer("ranking").to_string(max_rows=60))


if __name__ == "__main__":
    main()
