"""Nights that a person scored or corrected, in a comparison."""
