"""The actors of the market: their state, declared once, and what is private to them."""
