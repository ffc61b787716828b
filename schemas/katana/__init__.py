"""What Katana's JSON and headers look like, and what they mean. No I/O, no rules."""
