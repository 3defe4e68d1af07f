"""Enough of a mail address to recognise it by, and too little to write to it."""


def masked(address: str) -> str:
    """`k***@customer.example`; as many asterisks for every name: its length is nobody's business."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"
