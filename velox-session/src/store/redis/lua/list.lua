-- Puts a session on its user's list, and takes off those that are over for certain.
-- ARGV: member, until when it is listed, the same in milliseconds from now, what was over before this is taken off
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[4])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
-- Of a long list, some are worth a look: they may have been ended long ago.
if redis.call('ZCARD', KEYS[1]) <= 64 then
    return {}
end
return redis.call('ZRANDMEMBER', KEYS[1], 16, 'WITHSCORES')
