"""The subjects the federation works on: agendas, members' statements and themes."""
