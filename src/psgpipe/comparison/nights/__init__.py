"""The nights of a comparison: read from a table, checked, selected, with the design."""
