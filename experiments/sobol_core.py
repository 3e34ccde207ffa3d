"""Which uncertainties drive the market, and what a takedown does to it, by Sobol indices.

The study ``experiments/studies/sobol-core.yaml`` from Python, to copy and change. It can be stopped, and goes on when it is started
again. In full it takes half a day; ``sensitivity.samples=64`` makes it smaller::

    python experiments/sobol_core.py
"""

from pathlib import Path

from sim import Results, Study, run_study

OUT = Path("results/sobol-core")


def main() -> None:
    study = Study.load("sobol-core")  # Study.load("sobol-core", ["sensitivity.samples=64"]) changes a key of the file
    run_study(study, OUT, resume=(OUT / "study.json").exists())
    print(Results(OUT).answer("indices").to_string(max_rows=60))


if __name__ == "__main__":
    main()
