"""Supply and prices: what suppliers make and pass on, whom they recruit, what vendors ask."""
