-- Keeps a session under a new id, or does nothing.
-- KEYS: the new record; the list, if there is a user; the record that is replaced, if one is
-- ARGV: now; text, milliseconds; the name, or '' without a user; when the session began; how long the list lives; how long ago a login began,
-- or ''; the limit, or ''; 1 if all others end; what the key of a record is before the name; what is replaced: '', 'any' or a version;
-- what the key of a list is before the user; 1 if what is replaced goes later
-- Answers 0 and the record that should have been replaced, 1, how many others ended and 1 if the list held something else, 2: there is one
-- already, 3: all sessions were ended meanwhile.
local now, name, since, limit, before = tonumber(ARGV[1]), ARGV[4], ARGV[7], ARGV[8], ARGV[10]
local list = name ~= '' and KEYS[2]
local old = ARGV[11] ~= '' and KEYS[#KEYS]
if redis.call('EXISTS', KEYS[1]) == 1 then
    return {2}
end
local replaced = old and text_of(old)
if old and ARGV[11] ~= 'any' then
    local at, created, version = read(replaced or '')
    if not at or version ~= tonumber(ARGV[11]) then
        return refused(old, replaced, now)
    end
end
local ended, garbage = 0, list and cleared(list) or 0
if list and since ~= '' and revoked(list, since) then
    return {3}
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
elseif list and since ~= '' and limit ~= '' then
    ended = keep_to(list, before, but, tonumber(limit))
elseif list then
    tidy(list, before)
end
return {1, ended, garbage}
