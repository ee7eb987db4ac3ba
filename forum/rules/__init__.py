"""The house rules in their versions, and the ready texts that name them."""
