"""A study: its table or folder of recordings, its ids, shards and blinding."""
