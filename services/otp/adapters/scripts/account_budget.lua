-- The wrong codes of an account over all its challenges, in front of the scripts that ask for them. One member of a
-- sorted set for each, scored with its time, ms. None is added once the windows are full, so there are never more than
-- `per 30 days` of them: 50 take 1,552 bytes (MEMORY USAGE, Valkey 9).
local DAY, MONTH = 86400000, 30 * 86400000

local function guesses_left(wrong, now, per_day, per_month)
  local day = per_day - redis.call('ZCOUNT', wrong, '(' .. now - DAY, '+inf')
  local month = per_month - redis.call('ZCOUNT', wrong, '(' .. now - MONTH, '+inf')
  return math.max(0, math.min(day, month))
end

-- When the window has room again: as the oldest of the newest `most` leaves it.
local function room_at(wrong, window, most)
  local oldest = redis.call('ZRANGE', wrong, most - 1, most - 1, 'REV', 'WITHSCORES')
  return oldest[2] and oldest[2] + window or 0
end

local function add_wrong(wrong, now, member)
  redis.call('ZREMRANGEBYSCORE', wrong, '-inf', now - MONTH)
  redis.call('ZADD', wrong, now, member)
  redis.call('PEXPIRE', wrong, MONTH)
end
