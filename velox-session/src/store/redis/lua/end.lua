-- Ends all sessions of a user but one, and leaves a mark. For where one server has all keys.
-- KEYS: the list; the record that is kept, if one is. ARGV: what the key of a record is before the name, and the name of the one that is kept
-- Answers how many it has ended, or -1 if the one that is to be kept is gone; and 1 if the list held something else.
if KEYS[2] and not read(text_of(KEYS[2]) or '') then
    return {-1, 0}
end
local garbage = cleared(KEYS[1])
return {end_others(KEYS[1], ARGV[1], {[ARGV[2]] = true}), garbage}
