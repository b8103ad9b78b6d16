"""`./dev drill NAME`: what an operator does to a running installation, done for real under load, and what it cost.

Each drill is a module here with a function `run(options) -> Result`, and is listed in `__main__`.
"""
