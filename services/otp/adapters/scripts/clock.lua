-- In front of every script: the time, ms. Redis has the one clock that all instances share.
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
