"""What BigCommerce's JSON looks like, and what it means."""
