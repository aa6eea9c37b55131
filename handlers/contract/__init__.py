"""What handlers, infrastructure and orderctl share: names, events, amounts, times, the writes of an order."""
