-- Keep what is known of a mail; outcomes arrive in any order: the higher rank stays, of equal ones the later.
-- ARGV 3 number of the send  4 rank  5 at, ms
-- → {echo}
local sends, kept = unpack(redis.call('HMGET', KEYS[1], 'n', 'd' .. ARGV[3]))
if sends and tonumber(ARGV[3]) < tonumber(sends) then
  local rank, at = string.match(kept or '0 0', '(%d+) (-?%d+)')
  local given = tonumber(ARGV[4])
  if given > tonumber(rank) or (given == tonumber(rank) and tonumber(ARGV[5]) > tonumber(at)) then
    redis.call('HSET', KEYS[1], 'd' .. ARGV[3], ARGV[4] .. ' ' .. ARGV[5])
    tell_change()
  end
end
return {ids}
