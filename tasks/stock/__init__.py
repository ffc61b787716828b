"""What is done with stock: told to the shops, compared, counted, brought in."""
