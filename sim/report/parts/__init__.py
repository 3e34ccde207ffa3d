"""What a report says, part by part, as plain data: computed from results, and shown by pages, the command and whoever else asks.

`material` is what there is of a comparison or a study; every other module makes one part of it.
"""
