"""SQL of scheduling: what a diary holds, providers, bookings and holds, imports."""
