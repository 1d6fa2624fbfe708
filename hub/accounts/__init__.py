"""Labs, people, rigs and workers, and the tokens by which they are known."""
