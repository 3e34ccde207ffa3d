"""The best portfolio of interventions for a given budget, by NSGA-II.

The study ``experiments/studies/budget-portfolio.yaml`` from Python, to copy and change. It can be stopped, and goes on when it is started
again. In full it takes hours; ``optimise.generations=5`` makes it smaller::

    python experiments/budget_portfolio.py
"""

from pathlib import Path

from sim import Results, Study, run_study

OUT = Path("results/budget-portfolio")


def main() -> None:
    study = Study.load(
        "budget-portfolio"
    )  # Study.load("budget-portfolio", ["optimise.generations=5"]) changes a key of the file
    run_study(study, OUT, resume=(OUT / "study.json").exists())
    print(Results(OUT).answer("pareto").to_string(max_rows=60))


if __name__ == "__main__":
    main()
