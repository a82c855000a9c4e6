"""One night: open, run the steps, write the files."""
