"""Second factors: passkeys, authenticator codes, recovery codes."""
