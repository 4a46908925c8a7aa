"""One module per migration, applied in order and never edited once released."""
