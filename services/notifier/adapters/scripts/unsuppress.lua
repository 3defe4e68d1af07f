-- Take an address off the list.
-- KEYS 1 address
-- ARGV 1 hash of the address (echoed)
-- → {echo, 1 if it was on it else 0}
return {ARGV[1], redis.call('DEL', KEYS[1])}
