-- A challenge's end waits among the ends of its slot until it has been told: ids, first letter of the state, attempts.
local OPEN = 'o'

-- `tell_at`: when whoever looks for ends that nobody told takes it up.
local function close(state, attempts, tell_at)
  redis.call('HSET', KEYS[1], 's', state)
  redis.call('HDEL', KEYS[1], 'c', 'm')
  redis.call('ZREM', KEYS[3], ids .. OPEN)
  redis.call('ZADD', KEYS[3], tell_at, ids .. string.sub(state, 1, 1) .. attempts)
end
