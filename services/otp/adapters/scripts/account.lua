-- What an account has used up over all its challenges, in one string: MessagePack of w, the times of its wrong codes in
-- 30 days; m, of its mails in 24 h; l, its live challenges (id, expiry, id, expiry, …); f, its failures in a row.
-- None is added to a list that is full, so each is as long as its limit at most.
local DAY, MONTH = 86400000, 30 * 86400000
local FAILURES_KEPT = 400 * DAY

local function newer(times, than)
  local kept = {}
  for _, at in ipairs(times) do
    if at > than then kept[#kept + 1] = at end
  end
  return kept
end

local function load_account(now)
  local packed = redis.call('GET', KEYS[2])
  local account = packed and cmsgpack.unpack(packed) or {w = {}, m = {}, l = {}, f = 0}
  account.w, account.m = newer(account.w, now - MONTH), newer(account.m, now - DAY)
  local live = {}
  for i = 1, #account.l, 2 do
    if account.l[i + 1] > now then
      live[#live + 1], live[#live + 2] = account.l[i], account.l[i + 1]
    end
  end
  account.l = live
  return account
end

local function save_account(account, now)
  local kept = account.f > 0 and FAILURES_KEPT or #account.w > 0 and MONTH or DAY
  redis.call('SET', KEYS[2], cmsgpack.pack(account), 'PXAT', now + kept)
end

local function guesses_left(account, now)
  local today = terms.wrong_per_day - #newer(account.w, now - DAY)
  return math.max(0, math.min(today, terms.wrong_per_30_days - #account.w))
end

-- When a window has room again: as the oldest of the newest `most` leaves it.
local function room_at(times, window, most)
  local oldest = times[#times - most + 1]
  return oldest and oldest + window or 0
end

local function guess_at(account)
  return math.max(room_at(account.w, DAY, terms.wrong_per_day), room_at(account.w, MONTH, terms.wrong_per_30_days))
end

local function drop_live(account)
  for i = 1, #account.l, 2 do
    if account.l[i] == string.sub(ids, 17) then
      table.remove(account.l, i)
      table.remove(account.l, i)
      return
    end
  end
end

-- When there is a place for a live challenge again: as the first of the last `live_challenges` to end does. They are not
-- in that order where a code was asked for later than its challenge was made.
local function place_at(account)
  local ends = {}
  for i = 2, #account.l, 2 do ends[#ends + 1] = account.l[i] end
  table.sort(ends)
  return ends[#ends - terms.live_challenges + 1]
end

-- When the challenge's code may be sent once more, 0 for never.
local function resend_at(account, now, sends, last, expires)
  if sends > terms.resends then return 0 end
  local at = math.max(now, last + terms.cooldown, room_at(account.m, DAY, terms.mails_per_day))
  return expires - at >= terms.least_life and at or 0
end
