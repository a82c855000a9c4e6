"""Stagers, their classifiers, and the consensus of several derivations."""
