-- The list of a user's sessions: a sorted set of names, ordered by when each session began or was
-- last logged in to. It also holds the mark: when all sessions were last ended, by the clock of
-- this server, as a negative number.
local MARK = 'mark'

-- Removes foreign data under the key of a list. Returns 1 if it found one.
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

-- Returns whether all sessions were ended after a request had begun, `since` milliseconds ago.
local function revoked(list, since)
    local mark = redis.call('ZSCORE', list, MARK)
    return mark and -mark > clock() - since
end

local function lives(list, ms)
    if redis.call('PTTL', list) < tonumber(ms) then
        redis.call('PEXPIRE', list, ms)
    end
end

-- Records that all sessions were ended now.
local function mark(list)
    redis.call('ZADD', list, -clock(), MARK)
    lives(list, 600000)
end

-- Adds a name to the list, which then lives for at least `ms`.
local function add(list, name, created, ms)
    -- The first write must be one that needs memory. A Redis without free memory refuses it, and
    -- after a first write it refuses nothing more.
    redis.call('ZADD', list, created, name)
    -- This follows at once, because this user of Redis may not be allowed to run a later command.
    lives(list, ms)
end

-- Returns all names except some, the oldest first.
local function others(list, but)
    local names = {}
    for _, name in ipairs(redis.call('ZRANGEBYSCORE', list, 0, '+inf')) do
        if not but[name] then
            table.insert(names, name)
        end
    end
    return names
end

-- Calls a command with many arguments, a thousand at a time. Returns the sum of the answers.
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
