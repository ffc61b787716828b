"""Processes that are started together, watched and started again: `storesync up` and the demo."""
