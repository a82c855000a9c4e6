"""The records of a comparison."""
