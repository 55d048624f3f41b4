-- The user of a record's text, if somebody is logged in.
local function user_of(text)
    local record = decode(text)
    local user = record and type(record.data) == 'table' and record.data.userId
    if type(user) == 'number' then
        return string.format('%.0f', user)
    end
    return type(user) == 'string' and user
end

-- Deletes a record, and takes its name off its user's list. For where one server has all keys.
local function remove(key, text, before, lists)
    local user = text and user_of(text)
    if user then
        -- The list may hold anything.
        redis.pcall('ZREM', lists .. user, string.sub(key, #before + 1))
    end
    redis.call('DEL', key)
end
