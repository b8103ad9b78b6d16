"""Pieces that know neither Django nor the database: ids, encryption, JSON that PostgreSQL can store."""
