-- What an answer is given on: the limits, the server's past, and how many replicas hold what it shows.
-- ARGV 2 JSON of the limits (domain/limits.py), ms, and `replicas`
local terms = cjson.decode(ARGV[2])

-- A replica that is promoted begins another history, and may lack what happened last in the one before. What was made
-- in that one is void. A server that merely starts again has no earlier history (master_replid2 is all zeros).
local function history()
  local info = redis.call('INFO', 'replication')
  return string.match(info, 'master_replid:(%x%x%x%x%x%x%x%x)'), string.match(info, 'master_replid2:(%x+)')
end

local function is_void(made_in)
  local here, before = history()
  return made_in ~= here and string.find(before, '[^0]') ~= nil
end

-- A write, so that an answer that changes nothing waits, too, until what it shows is on the replicas: WAIT is about what
-- its own connection has written, and that was perhaps another one's.
local function touch()
  local ends = terms.replicas > 0 and redis.call('PEXPIRETIME', KEYS[1]) or 0
  if ends > 0 then
    redis.call('PEXPIREAT', KEYS[1], ends)
  end
end
