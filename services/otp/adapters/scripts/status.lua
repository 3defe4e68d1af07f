-- Where a challenge stands.
-- KEYS 1 challenge
-- ARGV 1 challenge id (echoed)
-- → {echo, state, attempts, expires at ms, delivery rank, delivery at ms or ''} | {echo}
local found = redis.call('HMGET', KEYS[1], 's', 'a', 'e', 'd', 't')
if not found[1] then
  return {ARGV[1]}
end
local state = found[1]
local time = redis.call('TIME')
if state == 'open' and time[1] * 1000 + math.floor(time[2] / 1000) >= tonumber(found[3]) then
  state = 'expired'
end
return {ARGV[1], state, found[2], found[3], found[4], found[5] or ''}
