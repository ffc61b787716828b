"""Commands for what a person does in the built-in hub."""
