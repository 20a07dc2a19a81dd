"""Handlers: what a list changes in a post."""
