"""`python -m sim.cli`: the `odm` command."""

from sim.cli.main import main

main()
