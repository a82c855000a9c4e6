"""Channel labels, electrodes and derivations; label tables are data."""
