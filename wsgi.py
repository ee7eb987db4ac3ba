"""Where a WSGI server finds the application."""

from forum.app import create_app

app = create_app()
