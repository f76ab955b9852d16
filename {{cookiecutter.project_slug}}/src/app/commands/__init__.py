"""The commands of `app`: a module each, whose `command` is what runs."""
