"""Scorings and summaries of finished nights in the formats of other tools."""
