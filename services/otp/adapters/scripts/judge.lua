-- Judge one typed code: expiry, then the challenge's and the account's budget, then count, compare, consume.
-- Counting comes before comparing, so that no number of parallel calls gets more looks than the budgets have.
-- ARGV 3 client hash  4 lease of an end, ms  5.. pepper, mac, pepper, mac, …
-- → {echo, verdict, guesses left, until ms or 0, the end that this is or '', attempts}
local state, expires, client, pepper, mac, made_in, attempts, reason, room =
  unpack(redis.call('HMGET', KEYS[1], 's', 'e', 'h', 'k', 'm', 'g', 'a', 'r', 'u'))
local ended = ''
local function verdict(word, left, at)
  return {ids, word, left or 0, at or 0, ended, tonumber(attempts) or 0}
end
if not state or client ~= ARGV[3] then return verdict('not-issued') end
touch()
if state == 'verified' then return verdict('used') end
local now = now_ms()
if state == 'expired' or now >= tonumber(expires) then return verdict('expired') end -- told: the clock may go back
if state == 'locked' then return verdict('locked') end
if state == 'refused' then return verdict(reason == 'disabled' and reason or 'refused', 0, tonumber(room)) end
if is_void(made_in) then return verdict('void') end

local account = load_account(now)
if account.f >= terms.failures_in_a_row then return verdict('disabled') end
local left = guesses_left(account, now)
if left == 0 then return verdict('account-locked', 0, guess_at(account)) end
local typed
for i = 5, #ARGV, 2 do
  if ARGV[i] == pepper then typed = ARGV[i + 1] end
end
if not typed then return verdict('other-pepper') end

attempts = redis.call('HINCRBY', KEYS[1], 'a', 1)
local told_by = now + tonumber(ARGV[4])
-- Every byte is looked at, whatever the first one says.
local difference = bit.bxor(#typed, #mac)
for i = 1, math.min(#typed, #mac) do
  difference = bit.bor(difference, bit.bxor(string.byte(typed, i), string.byte(mac, i)))
end

local word = difference == 0 and 'verified' or 'wrong'
if attempts > terms.wrong_per_challenge then -- the limit was lowered meanwhile: not looked at
  word, attempts = 'locked', attempts - 1
elseif word == 'verified' then
  account.f = 0
else
  account.w[#account.w + 1] = now
  account.f = account.f + 1
  left = left - 1
end
if word ~= 'wrong' or attempts >= terms.wrong_per_challenge then
  ended = word == 'verified' and word or 'locked'
  close(ended, attempts, told_by)
  drop_live(account)
end
save_account(account, now)
tell_change()
return verdict(word, math.max(0, math.min(terms.wrong_per_challenge - attempts, left)))
