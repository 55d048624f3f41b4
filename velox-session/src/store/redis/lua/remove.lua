-- The user of a record's text, if somebody is logged in.
local function user_of(text)
    local record = decode(text)
    local user = record and type(record.data) == 'table' and record.data.userId
    if type(user) == 'number' then
        return string.format('%.0f', user)
    end
    return type(user) == 'string' and user
end

-- Deletes a record, and takes its name off its user's list. Where that lies on another server, `lists` is empty: then this answers the user.
local function remove(key, text, before, lists)
    local user = text and user_of(text)
    redis.call('DEL', key)
    if not user or lists == '' then
        return user
    end
    -- The list may hold anything.
    redis.pcall('ZREM', lists .. user, string.sub(key, #before + 1))
    return false
end
