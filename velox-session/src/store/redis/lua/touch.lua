-- Renews a record. Never creates one.
-- ARGV: now, milliseconds, 1 if the text contains the expiry, until when its list lives, or '' for
-- no change
-- Returns 0: no record, 1: done, 2: to be done once its list lives longer.
local text = text_of(KEYS[1])
local at, created, version, listed = read(text or '')
if not at then
    return 0
end
local now, ms = tonumber(ARGV[1]), tonumber(ARGV[2])
if ARGV[4] == '' and now + ms > listed then
    return 2
end
move(text, now, ms, ARGV[3] == '1', ARGV[4] ~= '' and ARGV[4])
return 1
