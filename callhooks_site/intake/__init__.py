"""Where calls, texts and forms come in from other systems: imports from files and phone providers."""
