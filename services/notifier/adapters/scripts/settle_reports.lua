-- Some were told, and others are anybody's again: if they are still ours, for after the lease another may have taken or
-- told them.
-- KEYS reports
-- ARGV 1 name of their shard (echoed)  2 holder  3 how long they are known, ms  4 how many, the first of them, were told
-- → {echo}
for i, key in ipairs(KEYS) do
  if i <= tonumber(ARGV[4]) then
    redis.call('SET', key, 'told', 'PX', ARGV[3])
  elseif redis.call('GET', key) == ARGV[2] then
    redis.call('DEL', key)
  end
end
return {ARGV[1]}
