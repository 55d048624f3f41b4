-- Replaces a record if it has the expected version. Its list lives as long as before.
-- ARGV: version, text with `listedUntil` 0, milliseconds, now
-- Returns 0: another version or no record, 1: done, 2: done, and to be touched once its list lives
-- longer; and for 0 the present record.
local present = text_of(KEYS[1])
local at, created, version, listed = read(present or '')
if not at or version ~= tonumber(ARGV[1]) then
    return {0, held(KEYS[1], present, ARGV[4])}
end
local text = string.gsub(ARGV[2], '"listedUntil":0(,"format":1})$', '"listedUntil":' .. string.format('%.0f', listed) .. '%1')
local ms, left = tonumber(ARGV[3]), redis.call('PTTL', KEYS[1])
if left > 0 and ARGV[4] + ms > listed then
    redis.call('SET', KEYS[1], text, 'PX', string.format('%.0f', math.min(ms, left)))
    return {2, false}
end
redis.call('SET', KEYS[1], text, 'PX', ARGV[3])
return {1, false}
