"""What a learner does in an app, told route by route: enriched, awarded for, and landed."""
