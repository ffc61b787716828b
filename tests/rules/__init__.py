"""The rules: two dataclasses in, actions out; no fixture, no database."""
