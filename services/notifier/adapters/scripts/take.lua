-- Take calls out of a bucket that all instances share: a generic cell rate algorithm, and a pause.
-- KEYS 1 bucket: t when the last call taken is due (µs), p end of the pause (µs)
-- ARGV 1 echo  2 calls wanted  3 µs between calls  4 calls that may come at once  5 of those left for others
-- → {echo, calls taken, µs until the next may be taken}
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local wanted, every, burst, left = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local f = redis.call('HMGET', KEYS[1], 't', 'p')
-- Not further ahead than they can be: a clock that was set back must not stop all mail.
local due = math.min(math.max(tonumber(f[1] or 0), now), now + burst * every)
local pause = math.min(tonumber(f[2] or 0), now + 60000000)
if pause > now then
  return {ARGV[1], 0, pause - now}
end
local taken = math.max(0, math.min(wanted, math.floor((now - due) / every) + burst - left))
if taken > 0 then
  due = due + taken * every
  redis.call('HSET', KEYS[1], 't', string.format('%.0f', due))
  redis.call('PEXPIRE', KEYS[1], math.ceil(math.max(due - now, pause - now) / 1000) + 1000)
end
return {ARGV[1], taken, math.max(0, due - now - (burst - left - 1) * every)}
