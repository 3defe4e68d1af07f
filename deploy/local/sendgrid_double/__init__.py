"""A double of SendGrid's v3 mail API with a web mailbox, for the local run, the tests and the benchmark."""
