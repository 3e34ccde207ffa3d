"""What happens between actors in a day, one verb a file."""
