-- A challenge is over: none of its mails is claimed any more.
-- KEYS 1 the mark
-- ARGV 1 challenge id (echoed)  2 kept, ms
-- → {echo}
redis.call('SET', KEYS[1], '', 'PX', ARGV[2])
return {ARGV[1]}
