-- Where a challenge stands.
-- → {echo, state, guesses left, expires at ms, resend at ms or 0, room at ms or 0, news of mail 0 or '', of mail 1, …} | {echo}
local state, expires, attempts, sends, last, made_in, reason, room =
  unpack(redis.call('HMGET', KEYS[1], 's', 'e', 'a', 'n', 't', 'g', 'r', 'u'))
if not state then
  return {ids}
end
touch()
if state == 'refused' then
  return {ids, reason == 'disabled' and reason or state, 0, expires, 0, room}
end
local now = now_ms()
local account = load_account(now)
local left, resend, retry = guesses_left(account, now), 0, 0
if state == 'open' and now >= tonumber(expires) then
  state = 'expired'
elseif state == 'open' and is_void(made_in) then
  state, left = 'void', 0
elseif state == 'open' and account.f >= terms.failures_in_a_row then
  state, left = 'disabled', 0
elseif state == 'open' and left == 0 then
  retry = guess_at(account)
elseif state == 'open' then
  resend = resend_at(account, now, tonumber(sends), tonumber(last), tonumber(expires))
end
local answer = {ids, state, math.max(0, math.min(terms.wrong_per_challenge - attempts, left)), expires, resend, retry}
for mail = 0, sends - 1 do
  answer[#answer + 1] = redis.call('HGET', KEYS[1], 'd' .. mail) or ''
end
return answer
