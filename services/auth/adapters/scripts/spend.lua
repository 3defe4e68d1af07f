-- Take one, if there is one: `spend` of services/auth/domain/gcra.py, on the clock of Redis.
-- KEYS 1 bucket
-- ARGV 1 echo  2 burst  3 ms for one more
-- → {echo, 0 or the ms until there is one}
local burst, every = tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local tat = tonumber(redis.call('GET', KEYS[1]) or 0)
local new = math.min(math.max(tat, now), now + burst * every) + every
local early = new - burst * every - now
if early > 0 then
  return {ARGV[1], early}
end
redis.call('SET', KEYS[1], string.format('%d', new), 'PX', new - now)
return {ARGV[1], 0}
