"""Cases, practices and best reads; cases and practices have a discussion each."""
