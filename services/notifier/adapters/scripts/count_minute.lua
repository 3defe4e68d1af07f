-- Add to what a provider took in a minute.
-- KEYS 1 minute
-- ARGV 1 provider (echoed)  2 mails accepted  3 how often it asked for patience  4 how long it is kept, in ms
-- → {echo, accepted, patience} of all together
local accepted = redis.call('HINCRBY', KEYS[1], 'accepted', ARGV[2])
local patience = redis.call('HINCRBY', KEYS[1], 'patience', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {ARGV[1], accepted, patience}
