-- Ends that have been told. KEYS 1 ends of a slot  ARGV ends
for _, told in ipairs(ARGV) do
  redis.call('ZREM', KEYS[1], told)
end
