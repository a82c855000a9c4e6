"""Parallel arms: treatment against control, each subject in one arm."""
