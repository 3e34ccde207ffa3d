"""Entry and exit: platforms and vendors come, move and go; news of it spreads."""
