"""Calibration of the model against targets: which parameters, waves of runs measured as a validation measures them, and an ensemble of what is left.

Only targets for calibration are read; those for validation are dropped before anything else is done.
"""
