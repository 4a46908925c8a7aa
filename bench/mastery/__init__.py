"""How well the project's model foretells answers, beside models of the literature."""
