"""Why an order is where it is, and why a shop shows what it shows."""
