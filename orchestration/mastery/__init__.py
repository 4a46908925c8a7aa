"""The model behind mastery: fitting it, judging it, and which one is in force."""
