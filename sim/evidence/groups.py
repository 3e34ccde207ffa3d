"""The parameters as named tuples, one a group, and all groups together as `Parameters`.

They are made from ``parameters.yaml``; ``groups.pyi`` beside this file, which ``make docs`` writes, tells type checkers and editors their fields.
"""

from collections import namedtuple

from sim.evidence.parameters import load_parameters

globals().update({kind.__name__: kind for kind in load_parameters().groups.values()})

Parameters = namedtuple("Parameters", load_parameters().groups)  # type: ignore[misc]
