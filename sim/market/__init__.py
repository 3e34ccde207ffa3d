"""What happens between actors in a day: a folder a phase, and beside them what all phases share."""
