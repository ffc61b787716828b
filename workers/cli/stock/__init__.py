"""Commands for the stock that shops show, and for the files and questions around it."""
