"""What the checks cost, against a full refresh of what they check."""
