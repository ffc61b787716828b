"""A fourth platform, as small as one can be: what docs/architecture.md walks through, tried."""
