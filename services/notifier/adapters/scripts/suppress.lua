-- Put addresses on the list. What lasts longer stays: a bounce does not shorten a spam report.
-- KEYS addresses
-- ARGV 1 name of their shard (echoed)  then of each: cause, since in ms, expires in ms
-- → {echo}
for i, key in ipairs(KEYS) do
  local cause, since, expires = ARGV[3 * i - 1], ARGV[3 * i], ARGV[3 * i + 1]
  local kept = redis.call('GET', key)
  if not kept or tonumber(string.match(kept, '%d+$')) < tonumber(expires) then
    redis.call('SET', key, cause .. ' ' .. since .. ' ' .. expires, 'PXAT', expires)
  end
end
return {ARGV[1]}
