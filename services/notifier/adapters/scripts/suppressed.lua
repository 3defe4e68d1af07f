-- Whether an address is on the list.
-- KEYS 1 address
-- ARGV 1 hash of the address (echoed)
-- → {echo, "cause since expires" or nil}
return {ARGV[1], redis.call('GET', KEYS[1])}
