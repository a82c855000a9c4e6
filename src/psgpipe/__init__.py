"""psgpipe: from an EDF sleep-study recording to sleep stages and architecture."""
