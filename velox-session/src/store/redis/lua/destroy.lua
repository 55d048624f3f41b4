-- Deletes a record.
-- ARGV: a version or '' for any, what the key of a record is before the name, what the key of a list is before the user or '' where
-- that lies on another server
-- Answers 0: there is none, 1: done, 2: it is of another version; and the user on whose list it is yet.
local text = text_of(KEYS[1])
if not text then
    return {0, false}
end
local at, created, version = read(text)
if at and ARGV[1] ~= '' and version ~= tonumber(ARGV[1]) then
    return {2, false}
end
return {1, remove(KEYS[1], text, ARGV[2], ARGV[3])}
