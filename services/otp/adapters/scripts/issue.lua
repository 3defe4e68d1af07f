-- Give a challenge its code unless it has one, or unless a cap of the account says no. The first draft wins.
-- ARGV 3 mac  4 pepper  5 ciphertext  6 client hash  7 expires at, ms  8 how long the record outlives that, ms
-- → {echo, 'issued', ciphertext} | {echo, 'over'} | {echo, 'refused', reason, room at ms or 0}
local now, expires = now_ms(), tonumber(ARGV[7])
if now >= expires or expires > now + DAY then -- none of ours lives so long: it would hold a place for ever
  return {ids, 'over'}
end
local state, ciphertext, made_in = unpack(redis.call('HMGET', KEYS[1], 's', 'c', 'g'))
if state then
  touch()
  return state == 'open' and not is_void(made_in) and {ids, 'issued', ciphertext} or {ids, 'over'}
end

local account = load_account(now)
local reason, room
if account.f >= terms.failures_in_a_row then
  reason, room = 'disabled', 0
elseif #account.m >= terms.mails_per_day then
  reason, room = 'too-many-mails', room_at(account.m, DAY, terms.mails_per_day)
elseif #account.l >= 2 * terms.live_challenges then
  reason, room = 'too-many-challenges', place_at(account)
end
if reason then
  redis.call('HSET', KEYS[1], 's', 'refused', 'r', reason, 'u', room, 'h', ARGV[6], 'e', ARGV[7])
else
  redis.call('HSET', KEYS[1], 'm', ARGV[3], 'k', ARGV[4], 'c', ARGV[5], 'h', ARGV[6], 'e', ARGV[7], 'a', 0,
    's', 'open', 'n', 1, 't', now, 'g', (history()))
  redis.call('ZADD', KEYS[3], expires, ids .. OPEN)
  account.m[#account.m + 1] = now
  account.l[#account.l + 1], account.l[#account.l + 2] = string.sub(ids, 17), expires
  save_account(account, now)
end
redis.call('PEXPIREAT', KEYS[1], expires + tonumber(ARGV[8]))
tell_change()
if reason then
  return {ids, 'refused', reason, room}
end
return {ids, 'issued', ARGV[5]}
