-- May this instance send the message now?
-- KEYS 1 message  2 there while its challenge is over
-- ARGV 1 message id (echoed)  2 lease, ms  3 expiry of the code, ms  4 least life, ms  5 most sends  6 kept, ms
-- → {echo, claimed, attempt, doubted, sends before} | {echo, sent, attempt, at, provider}
--   | {echo, held, remaining ms} | {echo, exhausted, attempt, at, doubted} | {echo, too-late, attempt, at} | {echo, closed, attempt, at}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local f = redis.call('HMGET', KEYS[1], 's', 'a', 'n', 't', 'l', 'p', 'd')
local state, attempt, sends, at = f[1], tonumber(f[2] or 0), tonumber(f[3] or 0), tonumber(f[4] or 0)
local doubted = f[7] or ''

if state == 'accepted' then
  return {ARGV[1], 'sent', attempt, at, f[6]}
end
if state == 'sending' and tonumber(f[5]) > now then
  return {ARGV[1], 'held', tonumber(f[5]) - now}
end
local over = redis.call('EXISTS', KEYS[2]) == 1
if sends >= tonumber(ARGV[5]) or (over and sends > 0) then
  return {ARGV[1], 'exhausted', attempt, at, doubted}
end
if over then
  return {ARGV[1], 'closed', math.max(attempt, 1), now}
end
if tonumber(ARGV[3]) - now < tonumber(ARGV[4]) then
  if sends > 0 then
    return {ARGV[1], 'exhausted', attempt, at, doubted}
  end
  return {ARGV[1], 'too-late', math.max(attempt, 1), now}
end
redis.call('HSET', KEYS[1], 's', 'sending', 'a', attempt + 1, 'n', sends + 1, 't', now, 'l', now + tonumber(ARGV[2]))
redis.call('PEXPIREAT', KEYS[1], tonumber(ARGV[3]) + tonumber(ARGV[6]))
return {ARGV[1], 'claimed', attempt + 1, doubted, sends}
