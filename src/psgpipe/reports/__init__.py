"""Pictures of a night."""
