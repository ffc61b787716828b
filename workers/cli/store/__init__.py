"""Commands for stores: connect, set, check, import from, pause, disconnect."""
