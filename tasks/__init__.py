"""What the system does: tasks gather, decide, apply. They speak to the outside only through connectors."""
