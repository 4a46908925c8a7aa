"""The weekly fit of the model behind mastery."""
