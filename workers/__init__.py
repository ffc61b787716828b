"""What people start: the Celery app, the web process, the command line, and the servers they need. No business rule."""
