"""What Python users call and no command does: a finished study read back, a batch, a check."""
