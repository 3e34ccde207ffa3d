"""How runs become answers: single runs, paired runs, studies with their stores and records, the self-check.

Each room imports from those before it: errors, methods, matching, study, store, runs, kinds, study_checks, study_files, execution; doctor looks at runs and store.
What draws and writes reports stands above all of them, in `sim.report`. Import from the modules themselves, or from `sim`: ``from sim import run, compare``.
"""
