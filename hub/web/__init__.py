"""The hub's pages: server-made, for people; programs use the API."""
