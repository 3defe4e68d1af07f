-- Judge one typed code: expiry, then the challenge's and the account's budget, then count, compare, consume.
-- Counting comes before comparing, so that no number of parallel calls gets more looks than the budgets have.
-- KEYS 1 challenge  2 wrong codes of the account
-- ARGV 1 challenge id (echoed)  2 per challenge  3 per account and day  4 per account and 30 days  5 client hash
--      6.. pepper id, mac, pepper id, mac, …
-- → {echo, verdict, attempts remaining} | {echo, 'account-locked', 0, until ms}
local found = redis.call('HMGET', KEYS[1], 's', 'e', 'h', 'k', 'm')
local state, expires, client, pepper, mac = found[1], found[2], found[3], found[4], found[5]
local most, per_day, per_month = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if not state or client ~= ARGV[5] then
  return {ARGV[1], 'not-issued', 0}
end
if state == 'verified' then
  return {ARGV[1], 'used', 0}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now >= tonumber(expires) then
  return {ARGV[1], 'expired', 0}
end
if state == 'locked' then
  return {ARGV[1], 'locked', 0}
end
local left = guesses_left(KEYS[2], now, per_day, per_month)
if left == 0 then
  return {ARGV[1], 'account-locked', 0, math.max(room_at(KEYS[2], DAY, per_day), room_at(KEYS[2], MONTH, per_month))}
end

local attempts = redis.call('HINCRBY', KEYS[1], 'a', 1)
if attempts > most then -- the limit was lowered meanwhile
  redis.call('HSET', KEYS[1], 's', 'locked')
  redis.call('HDEL', KEYS[1], 'c', 'm')
  return {ARGV[1], 'locked', 0}
end

local typed = ''
for i = 6, #ARGV, 2 do
  if ARGV[i] == pepper then typed = ARGV[i + 1] end
end
-- Every byte is looked at, whatever the first one says.
local difference = bit.bxor(#typed, #mac)
for i = 1, math.min(#typed, #mac) do
  difference = bit.bor(difference, bit.bxor(string.byte(typed, i), string.byte(mac, i)))
end

if difference == 0 then
  redis.call('HSET', KEYS[1], 's', 'verified')
  redis.call('HDEL', KEYS[1], 'c', 'm')
  return {ARGV[1], 'verified', math.min(most - attempts, left)}
end
add_wrong(KEYS[2], now, ARGV[1] .. attempts)
if attempts >= most then
  redis.call('HSET', KEYS[1], 's', 'locked')
  redis.call('HDEL', KEYS[1], 'c', 'm')
end
return {ARGV[1], 'wrong', math.min(most - attempts, left - 1)}
