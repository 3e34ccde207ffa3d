"""Which attack on the trade network works, and from which share attacked on.

The study ``experiments/studies/network-attack-crossover.yaml`` from Python, to copy and change. It can be stopped, and goes on when it is
started again::

    python experiments/network_attack_crossover.py
"""

from pathlib import Path

from sim import Results, Study, run_study

OUT = Path("results/network-attack-crossover")


def main() -> None:
    study = Study.load(
        "network-attack-crossover"
    )  # Study.load("network-attack-crossover", replications=4) changes a key of the file
    run_study(study, OUT, resume=(OUT / "study.json").exists())
    print(Results(OUT).answer("effects").to_string(max_rows=60))


if __name__ == "__main__":
    main()
