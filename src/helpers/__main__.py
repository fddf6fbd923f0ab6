"""`python -m helpers` is the command line `compendium`."""

from helpers.cli import main

main()
