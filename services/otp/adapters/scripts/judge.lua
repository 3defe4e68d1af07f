-- Judge one typed code: expiry, then attempts, then count, then compare, then consume.
-- Counting comes before comparing, so that no number of parallel calls gets more than `max attempts` looks.
-- KEYS 1 challenge
-- ARGV 1 challenge id (echoed)  2 max attempts  3 client hash  4.. pepper id, mac, pepper id, mac, …
-- → {echo, verdict, attempts remaining}
local found = redis.call('HMGET', KEYS[1], 's', 'e', 'h', 'k', 'm')
local state, expires, client, pepper, mac = found[1], found[2], found[3], found[4], found[5]
local most = tonumber(ARGV[2])
if not state or client ~= ARGV[3] then
  return {ARGV[1], 'not-issued', 0}
end
if state == 'verified' then
  return {ARGV[1], 'used', 0}
end
local time = redis.call('TIME')
if time[1] * 1000 + math.floor(time[2] / 1000) >= tonumber(expires) then
  return {ARGV[1], 'expired', 0}
end
if state == 'locked' then
  return {ARGV[1], 'locked', 0}
end

local attempts = redis.call('HINCRBY', KEYS[1], 'a', 1)
if attempts > most then -- the limit was lowered meanwhile
  redis.call('HSET', KEYS[1], 's', 'locked')
  redis.call('HDEL', KEYS[1], 'c', 'm')
  return {ARGV[1], 'locked', 0}
end

local typed = ''
for i = 4, #ARGV, 2 do
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
  return {ARGV[1], 'verified', most - attempts}
end
if attempts >= most then
  redis.call('HSET', KEYS[1], 's', 'locked')
  redis.call('HDEL', KEYS[1], 'c', 'm')
end
return {ARGV[1], 'wrong', most - attempts}
