"""Delimited text, typed cells and columns."""
