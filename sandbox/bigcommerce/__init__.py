"""A BigCommerce shop that answers as the real one does."""
