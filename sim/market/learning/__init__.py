"""Learning: what people take from an order, from each other and from messages."""
