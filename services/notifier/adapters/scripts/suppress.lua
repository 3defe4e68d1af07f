-- Put an address on the list. What lasts longer stays: a bounce does not shorten a spam report.
-- KEYS 1 address
-- ARGV 1 hash of the address (echoed)  2 cause  3 since, ms  4 expires, ms
-- → {echo}
local kept = redis.call('GET', KEYS[1])
if not kept or tonumber(string.match(kept, '%d+$')) < tonumber(ARGV[4]) then
  redis.call('SET', KEYS[1], ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[4], 'PXAT', ARGV[4])
end
return {ARGV[1]}
