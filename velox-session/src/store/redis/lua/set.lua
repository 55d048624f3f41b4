-- Keeps a record, if what is there is what is expected.
-- ARGV: version expected, or '' for none; text; milliseconds
local present = redis.call('GET', KEYS[1])
if ARGV[1] == '' then
    if present then
        return 0
    end
else
    local at, created, version = read(present or '')
    if not at or version ~= tonumber(ARGV[1]) then
        return 0
    end
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
