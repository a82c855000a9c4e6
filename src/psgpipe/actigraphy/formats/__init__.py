"""Formats of activity counts: tables of several makers, AWD and AGD."""
