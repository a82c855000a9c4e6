"""The process of a command: how it ends when it is told to stop."""
