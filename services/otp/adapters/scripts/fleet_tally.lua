-- Add to what all instances have judged, forget what is older than the window, and say what it all comes to.
-- KEYS 1 codes  2 changes
-- ARGV 1 echo  2 wrong  3 verified  4 window, ms  5 slot, ms  6 kept for, ms
-- → {echo, now ms, wrong, verified, raised 0 | 1, since ms, flips, change that may be unpublished, …}
local now = now_ms()
local window, slot = tonumber(ARGV[4]), tonumber(ARGV[5])
local start = string.format('%.0f', now - now % slot)
if ARGV[2] ~= '0' then redis.call('HINCRBY', KEYS[1], 'w:' .. start, ARGV[2]) end
if ARGV[3] ~= '0' then redis.call('HINCRBY', KEYS[1], 'v:' .. start, ARGV[3]) end

local sum, state = {w = 0, v = 0}, {}
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local kind, from = string.match(fields[i], '^([wv]):(%d+)$')
  if not kind then
    state[fields[i]] = fields[i + 1]
  elseif tonumber(from) <= now - window then
    redis.call('HDEL', KEYS[1], fields[i])
  else
    sum[kind] = sum[kind] + fields[i + 1]
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[6])
redis.call('PEXPIRE', KEYS[2], ARGV[6])
return {ARGV[1], now, sum.w, sum.v, state.raised or 0, state.since or 0, state.flips or 0,
  unpack(redis.call('LRANGE', KEYS[2], 0, -1))}
