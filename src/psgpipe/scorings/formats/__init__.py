"""The formats of scorings, one module each."""
