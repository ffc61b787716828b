"""What WooCommerce's JSON looks like, and what it means."""
