"""The product's name and version, as receivers see them in User-Agent."""

NAME = "Callhooks"
VERSION = "0.1.0"
