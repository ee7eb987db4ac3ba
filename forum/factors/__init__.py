"""What shows who one is beside the password: passkeys, authenticator codes, recovery codes."""
