"""Scorings by persons and other programs: read in their formats, aligned to a recording."""
