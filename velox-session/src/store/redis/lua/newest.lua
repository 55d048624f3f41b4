-- The newest names on a user's list with their records, all of one moment: a session that gets a new id is there by the old name or the new.
-- Names without a record leave the list.
-- KEYS: the list. ARGV: now, what the key of a record is before the name, how many
-- Answers how many names there are in all, 1 if the list held something else, and for each of the newest that has a record the name, the
-- text, milliseconds left, version.
local garbage = cleared(KEYS[1])
local answer = {redis.call('ZCOUNT', KEYS[1], 0, '+inf'), garbage}
for _, name in ipairs(redis.call('ZREVRANGEBYSCORE', KEYS[1], '+inf', 0, 'LIMIT', 0, ARGV[3])) do
    local key = ARGV[2] .. name
    local text = text_of(key)
    local at, created, version = read(text or '')
    if at then
        table.insert(answer, {name, text, left_of(key, at, ARGV[1]), version})
    elseif not text then
        redis.call('ZREM', KEYS[1], name)
    end
end
return answer
