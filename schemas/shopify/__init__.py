"""What Shopify's JSON looks like, and what it means."""
