"""Treatment nights against baseline nights."""
