-- Returns the user in a record's text, if somebody is logged in.
local function user_of(text)
    local record = decode(text)
    local user = record and type(record.data) == 'table' and record.data.userId
    if type(user) == 'number' then
        return string.format('%.0f', user)
    end
    return type(user) == 'string' and user
end

-- Deletes a record, and removes its name from its user's list. If the list is on another server,
-- `lists` is empty, and this returns the user.
local function remove(key, text, before, lists)
    local user = text and user_of(text)
    redis.call('DEL', key)
    if not user or lists == '' then
        return user
    end
    -- This fails if the key of the list holds foreign data.
    redis.pcall('ZREM', lists .. user, string.sub(key, #before + 1))
    return false
end
