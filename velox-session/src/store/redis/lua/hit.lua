-- Counts a call. The first call of a window opens it.
-- ARGV: the length of the window in milliseconds
-- Returns the count, the milliseconds left, and 1 if the key held foreign data.
local count, garbage = redis.pcall('INCR', KEYS[1]), 0
if type(count) == 'table' then
    if not string.find(count.err, 'WRONGTYPE', 1, true) and not string.find(count.err, 'increment or decrement', 1, true)
        and not string.find(count.err, 'not an integer', 1, true) then
        return count
    end
    redis.call('DEL', KEYS[1])
    count, garbage = redis.call('INCR', KEYS[1]), 1
end
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
    left = tonumber(ARGV[1])
    redis.call('PEXPIRE', KEYS[1], left)
end
return {count, left, garbage}
