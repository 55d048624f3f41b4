-- Stores a session under a new id, or does nothing.
-- KEYS: the new record; the list, if the session has a user; the replaced record, if any
-- ARGV: now; text; milliseconds; the name; when the session began; how long the list lives; how
-- long ago a login began; the limit; 1 if all others end; the part of a record's key before the
-- name; what is replaced: '', 'any' or a version; the part of a list's key before the user; 1 if
-- the replaced record is deleted later
-- Returns 0: the replaced record has changed, 1: done, 2: the new key is taken, 3: all sessions
-- were ended meanwhile. After that, it returns how many others ended, 1 if the list's key held
-- foreign data, and for 0 the present record.
local now, name, since, limit, before = tonumber(ARGV[1]), ARGV[4], ARGV[7], ARGV[8], ARGV[10]
local old = ARGV[11] ~= '' and KEYS[#KEYS]
local list = #KEYS == (old and 3 or 2) and KEYS[2]
if redis.call('EXISTS', KEYS[1]) == 1 then
    return {2, 0, 0, false}
end
local replaced = old and text_of(old)
if old and ARGV[11] ~= 'any' then
    local at, created, version = read(replaced or '')
    if not at or version ~= tonumber(ARGV[11]) then
        return {0, 0, 0, held(old, replaced, now)}
    end
end
local ended, garbage = 0, list and cleared(list) or 0
if list and revoked(list, since) then
    return {3, 0, garbage, false}
end
if list then
    add(list, name, ARGV[5], ARGV[6])
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
local but = {[name] = true}
if old and ARGV[13] == '1' then
    but[string.sub(old, #before + 1)] = true
elseif old then
    remove(old, replaced, before, ARGV[12])
end
if list and ARGV[9] == '1' then
    ended = end_others(list, before, but)
elseif list then
    ended = keep_to(list, before, but, tonumber(limit))
    tidy(list, before)
end
return {1, ended, garbage, false}
