"""Recordings that are no EDF file: arrays, objects of MNE, and files that MNE reads."""
