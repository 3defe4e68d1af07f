-- In front of every script about a challenge, and what they are given alike.
-- KEYS 1 challenge  2 account  3 ends of the slot
-- ARGV 1 account id and challenge id, 16 bytes each (echoed)
local ids = ARGV[1]

local function tell_change()
  redis.call('PUBLISH', 'otp:' .. string.sub(ids, 17), '')
end
