"""The command that gives a study to a scheduler."""
