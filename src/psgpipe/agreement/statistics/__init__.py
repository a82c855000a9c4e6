"""The arithmetic of agreement; it opens no file."""
