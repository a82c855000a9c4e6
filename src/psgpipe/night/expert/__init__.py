"""The scoring given with a night: in place of its stages, beside them, or correcting them."""
