"""The best portfolio of interventions for a given budget, by NSGA-II.

The study ``experiments/studies/budget-portfolio.yaml`` from Python, to copy and change. It can be stopped, and goes on when it is started
again. In full it takes hours; ``optimise.generations=5`` makes it smaller::

    python experiments/budget_portfolio.py
"""

from sim import Study, run_study

if __name__ == "__main__":  # workers read this file too
    # Study.load("budget-portfolio", ["optimise.generations=5"]) changes a key of the file
    study = Study.load("budget-portfolio")
    print(run_study(study, resume=True).results.answer("pareto").to_string(max_rows=60))
