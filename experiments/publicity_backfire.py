"""Whether the publicity of a takedown deters, or advertises.

The study ``experiments/studies/publicity-backfire.yaml`` from Python, to copy and change. It can be stopped, and goes on when it is
started again::

    python experiments/publicity_backfire.py
"""

from sim import Study, run_study

if __name__ == "__main__":  # workers read this file too
    # Study.load("publicity-backfire", replications=4) changes a key of the file
    study = Study.load("publicity-backfire")
    print(run_study(study, resume=True).results.answer("effects").to_string(max_rows=60))
