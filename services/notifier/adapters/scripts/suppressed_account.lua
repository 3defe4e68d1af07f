-- Remember whose address is on the list. What lasts longer stays.
-- KEYS 1 accounts of the address
-- ARGV 1 hash of the address (echoed)  2 account  3 end in ms
-- → {echo, end of the account's suppression in ms}
local kept = tonumber(redis.call('HGET', KEYS[1], ARGV[2]) or 0)
local ends = string.format('%.0f', math.max(kept, tonumber(ARGV[3])))
redis.call('HSET', KEYS[1], ARGV[2], ends)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('PTTL', KEYS[1]) < ends - now then
  redis.call('PEXPIREAT', KEYS[1], ends)
end
return {ARGV[1], ends}
