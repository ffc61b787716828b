"""A Shopify shop that answers as the real one does."""
