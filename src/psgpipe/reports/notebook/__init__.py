"""Pictures as notebooks show them."""
