"""Who read what: statements and requests into one chain that nobody can change unseen."""
