"""`make bench`: what a login costs, beside a floor that does the same hops with nothing around them."""
