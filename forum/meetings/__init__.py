"""Meetings on an agenda: webinars, working groups and study visits, who comes, and what came of them."""
