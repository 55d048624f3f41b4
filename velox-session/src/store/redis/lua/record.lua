-- What a text of JSON says, or nothing.
local function decode(text)
    local ok, value = pcall(cjson.decode, text)
    if not ok then
        -- cjson refuses a half of a surrogate pair, which JavaScript leaves where it cuts an emoji.
        ok, value = pcall(cjson.decode, (string.gsub(text, '\\u[dD][89a-fA-F]%x%x', '\\ufffd')))
    end
    return ok and type(value) == 'table' and value
end

-- What a record's text says: when it expires, when it was created, its version, until when it is on its user's list, and its own lifetime,
-- or 0.
-- Nothing for a text that is no record.
local function read(text)
    -- Our own texts end like this. What the application wrote stands before, inside of braces.
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
        -- VeloxTS counts no versions: its texts are told apart by their content, in a number that no counter reaches.
        local head, tail = string.match(text, '^(.*"expiresAt":)%d+(.*)$')
        tail = string.gsub(tail or '', ',"listedUntil":%d+', '')
        version = 2 ^ 52 + tonumber(string.sub(redis.sha1hex((head or text) .. tail), 1, 12), 16)
    end
    local id = type(record.data.userId)
    listed = tonumber(record.listedUntil) or ((id == 'string' or id == 'number') and 0 or 2 ^ 53 - 1)
    return tonumber(record.expiresAt) or 0, tonumber(record.data._createdAt) or 0, version, listed, tonumber(record.data._maxAge) or 0
end

-- Lets the record live for so many milliseconds. Where VeloxTS reads along, the text says so too; and it says how long the record
-- is on its user's list, where that has changed.
local function move(text, now, ms, shown, listed)
    -- The last number of this name is the record's own, if no brace but the last one follows it.
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

-- A record as it is handed back: its text, milliseconds left, version; or false where there is none.
local function held(key, text, now)
    local at, created, version = read(text or '')
    return at and {text, left_of(key, at, now), version} or false
end
