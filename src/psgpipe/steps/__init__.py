"""The steps of a night: each a value with a name, a version, parameters and a plain function."""
