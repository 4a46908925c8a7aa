"""How fast events come in: the service and `study replay`, against COPY and against dlt."""
