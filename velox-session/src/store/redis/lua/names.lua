-- Returns all names on the list, the oldest first.
-- ARGV: 1 to set a mark
-- Returns 1 if the list's key held foreign data, and the names.
local garbage = cleared(KEYS[1])
if ARGV[1] == '1' then
    mark(KEYS[1])
end
return {garbage, others(KEYS[1], {})}
