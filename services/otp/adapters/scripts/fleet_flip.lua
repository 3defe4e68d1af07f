-- Change the state, unless it has been changed since it was seen, and keep the change until it is published.
-- KEYS 1 codes  2 changes
-- ARGV 1 echo  2 flips seen  3 raised 0 | 1  4 since, ms  5 change  6 kept for, ms
-- → {echo, 1 | 0}
if (redis.call('HGET', KEYS[1], 'flips') or '0') ~= ARGV[2] then
  return {ARGV[1], 0}
end
redis.call('HSET', KEYS[1], 'flips', ARGV[2] + 1, 'raised', ARGV[3], 'since', ARGV[4])
redis.call('RPUSH', KEYS[2], ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
redis.call('PEXPIRE', KEYS[2], ARGV[6])
return {ARGV[1], 1}
