"""Which uncertainties drive the market, and what a takedown does to it, by Sobol indices.

The study ``experiments/studies/sobol-core.yaml`` from Python, to copy and change. It can be stopped, and goes on when it is started
again. In full it takes half a day; ``sensitivity.samples=64`` makes it smaller::

    python experiments/sobol_core.py
"""

from sim import Study, run_study

if __name__ == "__main__":  # workers read this file too
    # Study.load("sobol-core", ["sensitivity.samples=64"]) changes a key of the file
    study = Study.load("sobol-core")
    print(run_study(study, resume=True).results.answer("indices").to_string(max_rows=60))
