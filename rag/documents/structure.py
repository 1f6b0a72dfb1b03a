def units_of(b): return []
