"""What the person who runs the server needs: backups, checks, what is made anew from texts, health and figures."""
