"""Epochs, filters and spectra of a signal."""
