"""What may be said of what came out: effects, ranks and prices that chance alone would not give, and outcomes that have no value."""
