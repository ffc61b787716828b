"""A Katana account that answers as the real one does."""
