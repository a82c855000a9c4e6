"""The page of a study: every recording, every failure, every night."""
