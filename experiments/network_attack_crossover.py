"""Which attack on the trade network works, and from which share attacked on.

The study ``experiments/studies/network-attack-crossover.yaml`` from Python, to copy and change. It can be stopped, and goes on when it is
started again::

    python experiments/network_attack_crossover.py
"""

from sim import Study, run_study

if __name__ == "__main__":  # workers read this file too
    # Study.load("network-attack-crossover", replications=4) changes a key of the file
    study = Study.load("network-attack-crossover")
    print(run_study(study, resume=True).results.answer("effects").to_string(max_rows=60))
