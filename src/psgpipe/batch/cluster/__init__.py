"""Many nights by a site's own scheduler: scripts from templates, sent as an array of shards."""
