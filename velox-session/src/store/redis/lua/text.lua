-- The text under a key, or false. What is not a text at all counts as a record that cannot be read.
local function text_of(key)
    local text = redis.pcall('GET', key)
    if type(text) == 'table' then
        -- Any other error is raised again.
        return string.find(text.err, 'WRONGTYPE', 1, true) and '' or redis.call('GET', key)
    end
    return text
end

-- How many milliseconds a record has left.
local function left_of(key, expires_at, now)
    local left = redis.call('PTTL', key)
    return left < 0 and math.max(expires_at - now, 0) or left
end

-- What is handed back where a write is refused: the record that is there, or nothing.
local function refused(key, text, now)
    local at, created, version = read(text or '')
    if not at then
        return {0}
    end
    return {0, text, left_of(key, at, now), version}
end
