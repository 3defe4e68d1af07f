"""What a mail is and when it may be sent. No I/O."""
