"""Calibration of probabilities to the scorers of one laboratory: reading, using and fitting it."""
