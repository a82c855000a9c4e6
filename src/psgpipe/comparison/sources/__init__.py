"""Nights by another source than polysomnography: never pooled with it."""
