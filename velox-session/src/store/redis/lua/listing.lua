-- Puts a session on its user's list, and takes off those that are over for certain. Answers some of a long list, with until when they
-- are listed: they are worth a look, as they may have been ended long ago.
-- What: member, until when it is listed, how many milliseconds the list lives at least, what was over before this is taken off
local function list(key, member, till, ms, over)
    -- The first write is one that needs room: a Redis that has none refuses it, and once something is written it refuses nothing more.
    redis.call('ZADD', key, till, member)
    -- At once, as what follows may be refused to this user of Redis.
    if redis.call('PTTL', key) < tonumber(ms) then
        redis.call('PEXPIRE', key, ms)
    end
    redis.call('ZREMRANGEBYSCORE', key, '-inf', over)
    if redis.call('ZCARD', key) <= 64 then
        return {}
    end
    return redis.call('ZRANDMEMBER', key, 16, 'WITHSCORES')
end
