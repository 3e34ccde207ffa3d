"""People: who they are, and how they come, stop, die and go."""
