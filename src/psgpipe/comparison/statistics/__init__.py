"""The arithmetic of the comparison."""
