"""The study: its table, its recordings, ids, shards and blinding."""
