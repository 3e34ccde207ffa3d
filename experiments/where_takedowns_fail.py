"""In which worlds a takedown fails, by PRIM.

The study ``experiments/studies/where-takedowns-fail.yaml`` from Python, to copy and change. It can be stopped, and goes on when it is started
again. In full it takes an hour; ``discover.points=128`` makes it smaller::

    python experiments/where_takedowns_fail.py
"""

from sim import Study, run_study

if __name__ == "__main__":  # workers read this file too
    # Study.load("where-takedowns-fail", ["discover.points=128"]) changes a key of the file
    study = Study.load("where-takedowns-fail")
    print(run_study(study, resume=True).results.answer("boxes").to_string(max_rows=60))
