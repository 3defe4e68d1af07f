-- Keep what is known of the mail; outcomes arrive in any order: the higher rank stays, of equal ones the later.
-- KEYS 1 challenge
-- ARGV 1 challenge id (echoed)  2 rank  3 at, ms
-- → {echo}
local kept = redis.call('HMGET', KEYS[1], 'd', 't')
if kept[1] then
  local rank, given = tonumber(kept[1]), tonumber(ARGV[2])
  if given > rank or (given == rank and tonumber(ARGV[3]) > tonumber(kept[2] or '0')) then
    redis.call('HSET', KEYS[1], 'd', ARGV[2], 't', ARGV[3])
  end
end
return {ARGV[1]}
