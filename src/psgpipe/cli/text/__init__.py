"""Longer texts of the commands: a comparison, failures by cause, progress."""
