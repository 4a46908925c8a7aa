"""Alerts: what is seen to be wrong is written down (`ops.alerts`), then told.

The two are apart, so that a receiver that is away loses nothing and a sensor that is tried again
tells nothing twice.
"""
