"""Forgetting a learner: out of every table, file and archive, with a receipt."""
