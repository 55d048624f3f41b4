-- The list of a user's sessions: a sorted set of names, by when each session began or was last logged in to. Beside them lies the mark: when
-- all sessions were last ended, by this server's clock, below zero.
local MARK = 'mark'

-- Removes what somebody else has put under the key of a list. Answers 1 if there was something.
local function cleared(list)
    local kind = redis.call('TYPE', list).ok
    if kind == 'zset' or kind == 'none' then
        return 0
    end
    redis.call('DEL', list)
    return 1
end

local function clock()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Whether all sessions were ended after a request had begun, so many milliseconds ago.
local function revoked(list, since)
    local mark = redis.call('ZSCORE', list, MARK)
    return mark and -mark > clock() - since
end

local function lives(list, ms)
    if redis.call('PTTL', list) < tonumber(ms) then
        redis.call('PEXPIRE', list, ms)
    end
end

-- Marks that all sessions were ended.
local function mark(list)
    redis.call('ZADD', list, -clock(), MARK)
    lives(list, 600000)
end

-- Puts a name on the list, which lives for so long at least.
local function add(list, name, created, ms)
    -- The first write is one that needs room: a Redis that has none refuses it, and once something is written it refuses nothing more.
    redis.call('ZADD', list, created, name)
    -- At once, as what follows may be refused to this user of Redis.
    lives(list, ms)
end

-- All names but some, the oldest first.
local function others(list, but)
    local names = {}
    for _, name in ipairs(redis.call('ZRANGEBYSCORE', list, 0, '+inf')) do
        if not but[name] then
            table.insert(names, name)
        end
    end
    return names
end

-- Calls a command with many arguments, a thousand at a time. Answers the sum of the answers.
local function batched(command, args, first)
    local sum = 0
    for i = 1, #args, 1000 do
        local some = {unpack(args, i, math.min(i + 999, #args))}
        if first then
            table.insert(some, 1, first)
        end
        sum = sum + redis.call(command, unpack(some))
    end
    return sum
end
