"""Spectra and events of a night: records, and the names of their endpoints."""
