"""The outbox: sealed sessions on their way to the hub, kept until the hub has proven that it holds them."""
