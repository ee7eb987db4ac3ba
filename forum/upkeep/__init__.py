"""What the person who runs the server needs: backups, checks, health and figures."""
