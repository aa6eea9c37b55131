"""Wire formats: requests of clients and of the state machine, and the responses of the HTTP API."""
