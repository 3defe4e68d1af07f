-- Give one back: `refund` of services/auth/domain/gcra.py. What is full again is not kept.
-- KEYS 1 bucket
-- ARGV 1 echo  2 ms for one more
-- → {echo}
local tat = tonumber(redis.call('GET', KEYS[1]) or 0) - tonumber(ARGV[2])
local time = redis.call('TIME')
local left = tat - (time[1] * 1000 + math.floor(time[2] / 1000))
if left > 0 then
  redis.call('SET', KEYS[1], string.format('%d', tat), 'PX', left)
else
  redis.call('DEL', KEYS[1])
end
return {ARGV[1]}
