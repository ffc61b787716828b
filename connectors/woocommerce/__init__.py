"""WooCommerce over HTTP: asked, told, and what its answers mean."""
