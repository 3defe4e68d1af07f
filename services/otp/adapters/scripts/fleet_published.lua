-- A change is on Kafka.
-- KEYS 1 codes  2 changes
-- ARGV 1 echo  2 change
-- → {echo}
redis.call('LREM', KEYS[2], 0, ARGV[2])
return {ARGV[1]}
