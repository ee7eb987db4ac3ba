"""Pictures and files that members add to their texts."""
