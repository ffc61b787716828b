"""A WooCommerce shop that answers as the real one does."""
