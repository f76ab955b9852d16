"""The commands of `app`: one module per command, which defines `command`."""
