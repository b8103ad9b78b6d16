"""`./dev bench`: what the engine costs, beside an ordinary one in the same run. See docs/benchmarks.md."""
