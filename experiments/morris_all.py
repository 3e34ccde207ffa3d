"""Which of all parameters matter at all, by Morris' elementary effects.

The study ``experiments/studies/morris-all.yaml`` from Python, to copy and change. It can be stopped, and goes on when it is started
again. In full it takes hours; ``sensitivity.samples=4`` makes it smaller::

    python experiments/morris_all.py
"""

from sim import Study, run_study

if __name__ == "__main__":  # workers read this file too
    # Study.load("morris-all", ["sensitivity.samples=4"]) changes a key of the file
    study = Study.load("morris-all")
    print(run_study(study, resume=True).results.answer("indices").to_string(max_rows=60))
