"""Events that concern members, the notices that the worker makes of them, and what members watch or mute."""
