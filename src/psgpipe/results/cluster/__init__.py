"""What was sent to a scheduler, read from files."""
