"""Everything outside the process: vendors over HTTP, PostgreSQL, Redis, secrets. No business rule lives here."""
