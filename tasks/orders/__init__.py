"""What is done with an order of a store: brought into the hub, changed, delivered, told."""
