"""Statistics of the comparison: arithmetic on subjects' values."""
