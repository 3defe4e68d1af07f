-- Take up an end that nobody has told in time; who does not tell it within the lease leaves it to another.
-- A challenge that is still open by now has expired.
-- ARGV 2 the end  3 lease, ms
-- → {echo, end} | {echo}, when it was taken or told meanwhile
local now, taken = now_ms(), ARGV[2]
local due = redis.call('ZSCORE', KEYS[3], taken)
if not due or tonumber(due) > now then
  return {ids}
end
if taken ~= ids .. OPEN then
  redis.call('ZADD', KEYS[3], now + tonumber(ARGV[3]), taken)
  return {ids, taken}
end
local state, attempts = unpack(redis.call('HMGET', KEYS[1], 's', 'a'))
if state then
  close('expired', attempts, now + tonumber(ARGV[3]))
  tell_change()
  return {ids, ids .. 'e' .. attempts}
end
redis.call('ZREM', KEYS[3], taken) -- the record is gone, and its attempts with it: nobody looked for long
redis.call('ZADD', KEYS[3], now + tonumber(ARGV[3]), ids .. 'e')
return {ids, ids .. 'e'}
