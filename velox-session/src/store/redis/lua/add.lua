-- Adds a name to the list, unless all sessions were ended meanwhile.
-- ARGV: the name, when the session began, how long the list lives, how long ago a login began, the
-- limit
-- Returns 1 if the list's key held foreign data; and all other names if they exceed the limit, or
-- false if all sessions were ended.
local garbage = cleared(KEYS[1])
if revoked(KEYS[1], ARGV[4]) then
    return {garbage, false}
end
add(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
if redis.call('ZCOUNT', KEYS[1], 0, '+inf') > tonumber(ARGV[5]) then
    return {garbage, others(KEYS[1], {[ARGV[1]] = true})}
end
return {garbage, {}}
