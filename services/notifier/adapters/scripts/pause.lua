-- A provider asks for patience: nobody takes anything out of its bucket before that has passed.
-- KEYS 1 bucket
-- ARGV 1 echo  2 how long, ms
-- → {echo}
local time = redis.call('TIME')
local until_us = time[1] * 1000000 + time[2] + tonumber(ARGV[2]) * 1000
if until_us > tonumber(redis.call('HGET', KEYS[1], 'p') or 0) then
  redis.call('HSET', KEYS[1], 'p', string.format('%.0f', until_us))
  redis.call('PEXPIRE', KEYS[1], math.max(redis.call('PTTL', KEYS[1]), tonumber(ARGV[2]) + 1000))
end
return {ARGV[1]}
