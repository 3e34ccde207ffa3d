"""One reduced market, written for the libraries that a user would choose between; `market.md` defines it, `python -m benchmarks.peers` measures it."""
