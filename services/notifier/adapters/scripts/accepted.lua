-- A provider accepted the message. Holds even when the lease is over: the mail is out. The first one is kept.
-- KEYS 1 message
-- ARGV 1 message id (echoed)  2 attempt  3 provider  4 expiry of the code, ms  5 kept, ms
-- → {echo, attempt, at, provider}
if redis.call('HGET', KEYS[1], 's') ~= 'accepted' then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('HSET', KEYS[1], 's', 'accepted', 'a', ARGV[2], 't', now, 'p', ARGV[3])
  redis.call('HDEL', KEYS[1], 'l')
  redis.call('PEXPIREAT', KEYS[1], tonumber(ARGV[4]) + tonumber(ARGV[5]))
end
local f = redis.call('HMGET', KEYS[1], 'a', 't', 'p')
return {ARGV[1], tonumber(f[1]), tonumber(f[2]), f[3]}
