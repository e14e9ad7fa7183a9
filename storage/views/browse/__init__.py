"""The web view of an archive: read-only pages on datasette, each also as JSON; they work without script."""
