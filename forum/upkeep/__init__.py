"""For the person who runs the server: backups, checks, re-rendering and reindexing, health and metrics."""
