"""`./dev container`: builds the image without a Docker engine, looks into it, runs what compose.yaml says, and lets it
deliver the demo's day."""
