"""Readers: real learners' files and streams of events, as events in the shape HTTP takes."""
