-- Keep what is known of the mail; outcomes arrive in any order and the higher rank stays.
-- KEYS 1 challenge
-- ARGV 1 challenge id (echoed)  2 rank  3 at, ms
-- → {echo}
local rank = redis.call('HGET', KEYS[1], 'd')
if rank and tonumber(ARGV[2]) > tonumber(rank) then
  redis.call('HSET', KEYS[1], 'd', ARGV[2], 't', ARGV[3])
end
return {ARGV[1]}
