"""Work on stored data: retention, statistics, the integrity check, re-encryption with a new key."""
