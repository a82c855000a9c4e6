"""Arithmetic of two arms: analysis of covariance, permutation test, shift."""
