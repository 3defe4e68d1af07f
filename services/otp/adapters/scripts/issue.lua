-- Give a challenge its code unless it has one. The first draft wins, whoever comes second.
-- KEYS 1 challenge
-- ARGV 1 challenge id (echoed)  2 mac  3 pepper id  4 ciphertext  5 message id  6 client hash
--      7 expires at, ms  8 how long the record outlives that, ms
-- → {echo, 'issued', message id, ciphertext} | {echo, 'over'}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local expires = tonumber(ARGV[7])
if now >= expires then
  return {ARGV[1], 'over'}
end
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'm', ARGV[2], 'k', ARGV[3], 'c', ARGV[4], 'i', ARGV[5], 'h', ARGV[6],
    'e', ARGV[7], 'a', 0, 's', 'open', 'd', 0)
  redis.call('PEXPIREAT', KEYS[1], expires + tonumber(ARGV[8]))
end
local kept = redis.call('HMGET', KEYS[1], 's', 'i', 'c')
if kept[1] ~= 'open' then
  return {ARGV[1], 'over'}
end
return {ARGV[1], 'issued', kept[2], kept[3]}
