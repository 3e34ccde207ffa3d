"""Whether it matters when the largest cryptomarket is taken down.

The study ``experiments/studies/takedown-timing-sweep.yaml`` from Python, to copy and change. It can be stopped, and goes on when it is
started again::

    python experiments/takedown_timing_sweep.py
"""

from sim import Study, run_study

if __name__ == "__main__":  # workers read this file too
    # Study.load("takedown-timing-sweep", replications=4) changes a key of the file
    study = Study.load("takedown-timing-sweep")
    print(run_study(study, resume=True).results.answer("effects").to_string(max_rows=60))
