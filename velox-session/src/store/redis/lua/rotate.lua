-- Puts in a new record in the place of an old one, and puts it on its user's list, or does nothing.
-- KEYS: the old record, the new one, the list if there is a user
-- ARGV: text, milliseconds, what the list is told, and the version of the old record if that matters
-- Answers 0: the old one is not of this version, 1: done, with some of a long list, 2: the new one is there already.
if ARGV[7] then
    local present = redis.call('GET', KEYS[1])
    if not present then
        return {0}
    end
    local at, created, version = read(present)
    if at and version ~= tonumber(ARGV[7]) then
        return {0}
    end
end
if redis.call('EXISTS', KEYS[2]) == 1 then
    return {2}
end
-- First what may be refused: nothing that a script has done is undone.
local some = KEYS[3] and list(KEYS[3], ARGV[3], ARGV[4], ARGV[5], ARGV[6]) or {}
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
redis.call('DEL', KEYS[1])
return {1, some}
