-- Deletes a record.
-- ARGV: a version, or '' for any; the part of a record's key before the name; the part of a list's
-- key before the user, or '' if the list is on another server
-- Returns 0: no record, 1: done, 2: another version; and the user, if the user's list still has the
-- session.
local text = text_of(KEYS[1])
if not text then
    return {0, false}
end
local at, created, version = read(text)
if at and ARGV[1] ~= '' and version ~= tonumber(ARGV[1]) then
    return {2, false}
end
return {1, remove(KEYS[1], text, ARGV[2], ARGV[3])}
