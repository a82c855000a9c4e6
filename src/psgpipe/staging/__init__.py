"""The stagers, and the consensus of several derivations."""
