"""From channel labels to electrodes and derivations; label tables are data files."""
