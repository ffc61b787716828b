"""What things look like: shapes, fields, settings and reasons. No I/O, no rules, no import from our other packages."""
