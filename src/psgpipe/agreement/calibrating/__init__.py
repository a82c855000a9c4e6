"""A calibration fitted to the scored nights of a study, and tested on subjects left out."""
