"""Clinical instruments: what a record says now, beside the forecast of what may come."""
