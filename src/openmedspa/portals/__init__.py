"""Pages for people, by audience: one file per page family, its templates beside it."""
