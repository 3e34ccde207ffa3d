"""Trade: checkout, booking, shipping and what becomes of the money."""
