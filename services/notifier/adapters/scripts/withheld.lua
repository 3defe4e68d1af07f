-- Nothing is sent under this claim, since the address is suppressed: it does not count, and others need not wait.
-- KEYS 1 message
-- ARGV 1 message id (echoed)  2 attempt
-- → {echo, "attempt at" of the first time}
local time = redis.call('TIME')
local f = redis.call('HMGET', KEYS[1], 's', 'a', 'w')
local first = f[3] or string.format('%s %.0f', ARGV[2], time[1] * 1000 + math.floor(time[2] / 1000))
if f[1] == 'sending' and f[2] == ARGV[2] then
  redis.call('HSET', KEYS[1], 's', 'idle', 'w', first)
  redis.call('HINCRBY', KEYS[1], 'n', -1)
  redis.call('HDEL', KEYS[1], 'l')
end
return {ARGV[1], first}
