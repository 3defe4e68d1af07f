"""What operators run on the command line, whatever the service."""
