"""Rank the packages that ship, with how sure the order is.

The study ``experiments/studies/policy-ranking.yaml`` from Python, to copy and change. It can be stopped, and goes on when it is
started again::

    python experiments/policy_ranking.py
"""

from sim import Study, run_study

if __name__ == "__main__":  # workers read this file too
    # Study.load("policy-ranking", replications=4) changes a key of the file
    study = Study.load("policy-ranking")
    print(run_study(study, resume=True).results.answer("ranking").to_string(max_rows=60))
