"""From a definition and a recording to a finished night on disk."""
