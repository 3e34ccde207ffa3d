"""History matching: which places of the unit cube agree with what was observed, found through emulators of a simulator that is dear and noisy.

Goals say what was observed, emulators what a target is anywhere, sampling finds places that are not ruled out however thin, waves go from the one to the
other, and screening says beforehand along which axes there is anything to be found. Nothing here knows what is simulated.
"""
