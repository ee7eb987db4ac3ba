"""Pictures that members add to their texts."""
