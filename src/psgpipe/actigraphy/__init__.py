"""Actigraphy from counts: read, scored as sleep and wake, measured in a window."""
