-- Forget whose address is on the list.
-- KEYS 1 accounts of the address
-- ARGV 1 hash of the address (echoed)
-- → {echo, accounts}
local accounts = redis.call('HKEYS', KEYS[1])
redis.call('DEL', KEYS[1])
return {ARGV[1], accounts}
