"""Regions and their policies: who must give a code, changed by release managers, told to the others over Kafka."""
