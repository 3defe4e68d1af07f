-- Nothing was sent under this claim: it does not count, and others need not wait for the end of the lease.
-- KEYS 1 message
-- ARGV 1 message id (echoed)  2 attempt
-- → {echo}
local f = redis.call('HMGET', KEYS[1], 's', 'a')
if f[1] == 'sending' and f[2] == ARGV[2] then
  redis.call('HSET', KEYS[1], 's', 'idle')
  redis.call('HINCRBY', KEYS[1], 'n', -1)
  redis.call('HDEL', KEYS[1], 'l')
end
return {ARGV[1]}
