"""`gatepost regions|changes|plans|audit …`: rollout for people and scripts, over its HTTP interface (docs/cli.md)."""
