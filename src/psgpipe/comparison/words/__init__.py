"""What a comparison says in words: verdicts, statements, tables."""
