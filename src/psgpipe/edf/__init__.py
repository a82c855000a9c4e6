"""Reading and writing EDF and BDF files."""
