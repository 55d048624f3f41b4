-- Puts a name on the list, unless all sessions were ended meanwhile.
-- ARGV: the name, when the session began, how long the list lives, how long ago a login began or '', the limit or ''
-- Answers 0 if they were; else 1, 1 if the list held something else, and all names where they are more than the limit.
local garbage = cleared(KEYS[1])
if ARGV[4] ~= '' and revoked(KEYS[1], ARGV[4]) then
    return {0, garbage, {}}
end
add(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
if ARGV[5] ~= '' and redis.call('ZCOUNT', KEYS[1], 0, '+inf') > tonumber(ARGV[5]) then
    return {1, garbage, others(KEYS[1], {[ARGV[1]] = true})}
end
return {1, garbage, {}}
