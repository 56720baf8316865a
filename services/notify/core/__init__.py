"""Decides: who hears about a trigger, what the message says, and when to send it. Pure; time is an argument."""
