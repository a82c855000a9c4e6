"""Nights in memory, as Python users get them: with pictures, and written where that is asked."""
