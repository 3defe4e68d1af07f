-- One more send is to be made under this claim, the first having been doubted: may it, and count it.
-- KEYS 1 message
-- ARGV 1 message id (echoed)  2 attempt  3 most sends  4 who may have sent it
-- → {echo, 1 if it may else 0}
local f = redis.call('HMGET', KEYS[1], 's', 'a', 'n')
if f[1] ~= 'sending' or f[2] ~= ARGV[2] or tonumber(f[3]) >= tonumber(ARGV[3]) then
  return {ARGV[1], 0}
end
redis.call('HINCRBY', KEYS[1], 'n', 1)
redis.call('HSET', KEYS[1], 'd', ARGV[4])
return {ARGV[1], 1}
