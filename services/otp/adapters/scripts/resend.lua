-- Count one more mail with the code that the challenge has; nothing else of it changes.
-- ARGV 3 client hash
-- → {echo, 'sent', next resend at ms or 0, number of this send, ciphertext, expires at ms} | {echo, why not, until ms or 0}
local state, expires, client, ciphertext, sends, last, made_in, reason, room =
  unpack(redis.call('HMGET', KEYS[1], 's', 'e', 'h', 'c', 'n', 't', 'g', 'r', 'u'))
if not state or client ~= ARGV[3] then return {ids, 'not-issued', 0} end
touch()
if state == 'verified' then return {ids, 'used', 0} end
local now = now_ms()
expires, sends, last = tonumber(expires), tonumber(sends), tonumber(last)
if state == 'expired' or now >= expires then return {ids, 'expired', 0} end -- told: the clock may go back
if state == 'locked' then return {ids, 'locked', 0} end
if state == 'refused' then return {ids, reason == 'disabled' and reason or 'refused', tonumber(room)} end
if is_void(made_in) then return {ids, 'void', 0} end

local account = load_account(now)
local mail_at = room_at(account.m, DAY, terms.mails_per_day)
if account.f >= terms.failures_in_a_row then return {ids, 'disabled', 0} end
-- No code is looked at: a mail with it would only mislead.
if guesses_left(account, now) == 0 then return {ids, 'refused', guess_at(account)} end
if sends > terms.resends then return {ids, 'no-more', 0} end
if expires - now < terms.least_life then return {ids, 'too-late', 0} end
if mail_at > now then return {ids, 'too-many-mails', mail_at} end
if last + terms.cooldown > now then return {ids, 'too-soon', last + terms.cooldown} end

redis.call('HSET', KEYS[1], 'n', sends + 1, 't', now)
account.m[#account.m + 1] = now
save_account(account, now)
tell_change()
return {ids, 'sent', resend_at(account, now, sends + 1, now, expires), sends, ciphertext, expires}
