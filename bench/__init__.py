"""One command per figure that the documentation quotes."""
