"""The store: the PostgreSQL server, its raw/ops/audit schema, its partitions and its roles."""
