"""What Postfix is told about the lists: maps in files, and a service that it may ask instead."""
