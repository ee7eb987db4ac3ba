"""Terms of use in their versions, and who has agreed to which."""
