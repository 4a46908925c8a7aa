"""What the tracking middleware adds to a request."""
