"""What ``psgpipe COMMAND --help`` shows beside the options, and what a misspelt command gets."""
