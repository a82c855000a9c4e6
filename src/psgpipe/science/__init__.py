"""Arithmetic on signals and stages; numpy and scipy, no files, no clocks, no hidden randomness."""
