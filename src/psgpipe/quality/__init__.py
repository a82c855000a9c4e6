"""Measures and flags of a signal's quality."""
