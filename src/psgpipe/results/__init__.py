"""Finished nights and studies on disk."""
