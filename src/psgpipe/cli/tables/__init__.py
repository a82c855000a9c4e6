"""Commands that write tables for a person to complete."""
