"""Synthetic nights and studies with known stages."""
