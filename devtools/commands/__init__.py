"""The commands of orderctl that need the development tools."""
