"""The tracking plan: what events exist, what they may say, and the check that holds them to it."""
