-- Reads a record, and renews its lifetime if that is due.
-- ARGV: now, ttl, absolute timeout, interval, 1 if the text contains the expiry
-- Returns 0: unchanged, 1: renewed, 2: to be renewed once its list lives longer; and the record:
-- text, milliseconds left, version.
local text = text_of(KEYS[1])
if not text then
    return {0, false}
end
local now, ttl, interval = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[4])
local at, created, version, listed, max_age = read(text)
if not at then
    return {0, {text, 0, 0}}
end
if max_age > 0 then
    ttl, interval = max_age, math.min(interval, max_age / 10)
end
local left = left_of(KEYS[1], at, now)
local longest = math.min(ttl, math.max(ARGV[3] - math.max(now - created, 0), 0))
local remaining = math.min(left, longest)
if remaining <= 0 or longest - remaining < interval then
    return {0, {text, left, version}}
end
if now + longest > listed then
    return {2, {text, left, version}}
end
move(text, now, longest, ARGV[5] == '1', nil)
return {1, {text, longest, version}}
