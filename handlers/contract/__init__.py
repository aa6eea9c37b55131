"""What handlers, infrastructure and orderctl share: names, events, times. Pure Python."""
