"""Katana Cloud Inventory over HTTP, as the hub: asked, told, and what its answers mean."""
