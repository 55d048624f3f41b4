-- Requires one server with all keys. `before` is the part of a record's key before its name.

-- Ends sessions by their names without reading them. Returns how many existed.
local function end_all(list, before, names)
    local keys = {}
    for i, name in ipairs(names) do
        keys[i] = before .. name
    end
    local ended = batched('DEL', keys)
    batched('ZREM', names, list)
    return ended
end

-- Ends the oldest sessions above the limit. Names without a record are removed first. Returns how
-- many sessions were ended.
local function keep_to(list, before, but, limit)
    if redis.call('ZCOUNT', list, 0, '+inf') <= limit then
        return 0
    end
    local live, over = {}, {}
    for _, other in ipairs(others(list, but)) do
        if redis.call('EXISTS', before .. other) == 1 then
            table.insert(live, other)
        else
            redis.call('ZREM', list, other)
        end
    end
    for i = 1, #live + 1 - limit do
        over[i] = live[i]
    end
    return end_all(list, before, over)
end

-- Removes some names without a record from the list, so that it does not grow forever.
local function tidy(list, before)
    for _, name in ipairs(redis.call('ZRANDMEMBER', list, 4)) do
        if name ~= MARK and redis.call('EXISTS', before .. name) == 0 then
            redis.call('ZREM', list, name)
        end
    end
end

-- Sets a mark, and ends all sessions except some.
local function end_others(list, before, but)
    local ended = end_all(list, before, others(list, but))
    mark(list)
    return ended
end
