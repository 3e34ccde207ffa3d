"""What the model is told about the world: parameters, tables, targets and the sources of each."""
