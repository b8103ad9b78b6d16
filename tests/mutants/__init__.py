"""`./dev mutants`: faults put into a copy of the code on purpose, each of which some test must notice."""
