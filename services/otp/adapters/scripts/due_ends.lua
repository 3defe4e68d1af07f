-- Ends that are due. KEYS 1 ends of a slot  ARGV 1 how many to pass over  2 how many at most  → ends
return redis.call('ZRANGE', KEYS[1], '-inf', now_ms(), 'BYSCORE', 'LIMIT', ARGV[1], ARGV[2])
