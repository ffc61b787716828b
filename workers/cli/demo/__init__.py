"""The whole product on one machine with three shops."""
