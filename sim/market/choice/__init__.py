"""Choice: a channel, a market, a vendor; and who looks for a market."""
