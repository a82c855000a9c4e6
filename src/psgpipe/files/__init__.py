"""Bytes on disk, safely: atomic writes, hashes, regular files, folders that take their place."""
