-- Where a challenge stands.
-- KEYS 1 challenge  2 wrong codes of the account
-- ARGV 1 challenge id (echoed)  2 per challenge  3 per account and day  4 per account and 30 days
-- → {echo, state, attempts remaining, expires at ms, delivery rank, delivery at ms or ''} | {echo}
local found = redis.call('HMGET', KEYS[1], 's', 'a', 'e', 'd', 't')
if not found[1] then
  return {ARGV[1]}
end
local state = found[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if state == 'open' and now >= tonumber(found[3]) then
  state = 'expired'
end
local left = guesses_left(KEYS[2], now, tonumber(ARGV[3]), tonumber(ARGV[4]))
local remaining = math.max(0, math.min(tonumber(ARGV[2]) - found[2], left))
return {ARGV[1], state, remaining, found[3], found[4], found[5] or ''}
