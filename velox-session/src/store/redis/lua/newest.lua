-- The newest names on a user's list with their records, all of one moment: a session that gets a new id is there by the old name or the new.
-- KEYS: the list. ARGV: now, what the key of a record is before the name, how many
-- Answers how many names there are in all, and for each of the newest that has a record the name, the text, milliseconds left, version.
local answer = {redis.call('ZCARD', KEYS[1])}
for _, name in ipairs(redis.call('ZRANGE', KEYS[1], -ARGV[3], -1)) do
    local text = redis.pcall('GET', ARGV[2] .. name)
    local at, created, version = read(type(text) == 'string' and text or '')
    if at then
        local left = redis.call('PTTL', ARGV[2] .. name)
        if left < 0 then
            left = math.max(at - ARGV[1], 0)
        end
        table.insert(answer, {name, text, left, version})
    end
end
return answer
