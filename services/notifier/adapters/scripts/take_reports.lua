-- Which of these reports are ours to tell?
-- KEYS reports
-- ARGV 1 name of their shard (echoed)  2 holder  3 lease, ms
-- → {echo, what stood at each before: a holder or "told", nil: ours now}
local before = {}
for i, key in ipairs(KEYS) do
  before[i] = redis.call('SET', key, ARGV[2], 'NX', 'PX', ARGV[3], 'GET')
end
return {ARGV[1], before}
