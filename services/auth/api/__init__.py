"""HTTP for the gateway; statuses and problem types live here and nowhere else."""
