-- Parses JSON. Returns false unless it is an object or an array.
local function decode(text)
    local ok, value = pcall(cjson.decode, text)
    if not ok then
        -- cjson refuses half a surrogate pair, which JavaScript leaves if it cuts an emoji.
        ok, value = pcall(cjson.decode, (string.gsub(text, '\\u[dD][89a-fA-F]%x%x', '\\ufffd')))
    end
    return ok and type(value) == 'table' and value
end

-- Reads the text of a record: when it expires, when it was created, its version, until when its
-- list lives, and its own lifetime, or 0. Returns nothing if it is not a record.
local function read(text)
    -- The records that this crate writes end like this. The data of the application comes before
    -- that, inside braces.
    local at, created, max_age, version, listed = string.match(string.sub(text, -200),
        '"expiresAt":(%d+),"createdAt":(%d+),"maxAge":(%d+),"version":(%d+),"listedUntil":(%d+),"format":1}$')
    if at then
        return tonumber(at), tonumber(created), tonumber(version), tonumber(listed), tonumber(max_age)
    end
    local record = decode(text)
    if not record or type(record.data) ~= 'table' then
        return nil
    end
    version = tonumber(record.version)
    if not version then
        -- VeloxTS does not count versions. A hash of the text serves as the version. It is above
        -- any number that a counter reaches.
        local head, tail = string.match(text, '^(.*"expiresAt":)%d+(.*)$')
        tail = string.gsub(tail or '', ',"listedUntil":%d+', '')
        version = 2 ^ 52 + tonumber(string.sub(redis.sha1hex((head or text) .. tail), 1, 12), 16)
    end
    local id = type(record.data.userId)
    listed = tonumber(record.listedUntil) or ((id == 'string' or id == 'number') and 0 or 2 ^ 53 - 1)
    return tonumber(record.expiresAt) or 0, tonumber(record.data._createdAt) or 0, version, listed, tonumber(record.data._maxAge) or 0
end

-- Lets the record live for `ms` milliseconds. If VeloxTS reads the records, the text contains the
-- expiry as well; and it contains how long the record's list lives, if that has changed.
local function move(text, now, ms, shown, listed)
    -- The last number with this name belongs to the record itself if only the last brace follows
    -- it.
    local head, tail = string.match(text, '^(.*"expiresAt":)%d+([^{}%[%]]*}%s*)$')
    if head and (shown or listed) then
        if listed then
            local count
            tail, count = string.gsub(tail, '"listedUntil":%d+', '"listedUntil":' .. listed)
            if count == 0 then
                tail = string.gsub(tail, '}%s*$', ',"listedUntil":' .. listed .. '}')
            end
        end
        redis.call('SET', KEYS[1], head .. string.format('%.0f', now + ms) .. tail, 'PX', string.format('%.0f', ms))
    else
        redis.call('PEXPIRE', KEYS[1], string.format('%.0f', ms))
    end
end

-- Returns the string under a key, or false if there is none. A value of another type counts as a
-- record that cannot be read.
local function text_of(key)
    local text = redis.pcall('GET', key)
    if type(text) == 'table' then
        -- Any other error is raised again.
        return string.find(text.err, 'WRONGTYPE', 1, true) and '' or redis.call('GET', key)
    end
    return text
end

-- Returns how many milliseconds a record has left.
local function left_of(key, expires_at, now)
    local left = redis.call('PTTL', key)
    return left < 0 and math.max(expires_at - now, 0) or left
end

-- Returns a record for the caller: its text, milliseconds left, version; or false if it does not
-- exist.
local function held(key, text, now)
    local at, created, version = read(text or '')
    return at and {text, left_of(key, at, now), version} or false
end
