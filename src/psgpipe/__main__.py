"""``python -m psgpipe``."""

from psgpipe.cli.app import main

main()
