"""What ingest decides: dialects, tracking, validation, identity, time, partition and quota. Pure: no I/O, no clock."""
