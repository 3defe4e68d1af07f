-- Keep what is known of a mail; outcomes arrive in any order: the higher rank stays, of equal ones the later.
-- ARGV 2 number of the send  3 rank  4 at, ms
-- → {echo}
local sends, kept = unpack(redis.call('HMGET', KEYS[1], 'n', 'd' .. ARGV[2]))
if sends and tonumber(ARGV[2]) < tonumber(sends) then
  local rank, at = string.match(kept or '0 0', '(%d+) (-?%d+)')
  local given = tonumber(ARGV[3])
  if given > tonumber(rank) or (given == tonumber(rank) and tonumber(ARGV[4]) > tonumber(at)) then
    redis.call('HSET', KEYS[1], 'd' .. ARGV[2], ARGV[3] .. ' ' .. ARGV[4])
    tell_change()
  end
end
return {ids}
