-- Something may have been sent under this claim: it goes on counting, but others need not wait.
-- KEYS 1 message
-- ARGV 1 message id (echoed)  2 attempt  3 most sends  4 who may have sent it  5 sends that were counted and not made
-- → {echo, at, 1 if another send may be tried else 0}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local f = redis.call('HMGET', KEYS[1], 's', 'a', 'n')
local sends = tonumber(f[3] or 0)
if f[1] == 'sending' and f[2] == ARGV[2] then
  sends = sends - tonumber(ARGV[5])
  redis.call('HSET', KEYS[1], 's', 'idle', 't', now, 'n', sends, 'd', ARGV[4])
  redis.call('HDEL', KEYS[1], 'l')
end
local another = f[1] ~= 'accepted' and sends < tonumber(ARGV[3])
return {ARGV[1], now, another and 1 or 0}
