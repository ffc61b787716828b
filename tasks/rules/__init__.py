"""The rules: pure decisions, data in and actions out. No I/O, no clock, no randomness, no connector."""
