"""`./dev bench`: what the engine costs, measured against an ordinary one in the same run. docs/benchmarks.md says how."""
