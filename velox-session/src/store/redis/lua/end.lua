-- Ends all sessions of a user except one, and sets a mark. Requires one server with all keys.
-- KEYS: the list; the kept record, if any. ARGV: the part of a record's key before the name, and
-- the name of the kept record
-- Returns how many sessions were ended, or -1 if the kept one is gone; and 1 if the list's key held
-- foreign data.
if KEYS[2] and not read(text_of(KEYS[2]) or '') then
    return {-1, 0}
end
local garbage = cleared(KEYS[1])
return {end_others(KEYS[1], ARGV[1], {[ARGV[2]] = true}), garbage}
