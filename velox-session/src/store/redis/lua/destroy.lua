-- Deletes a record of one version. Answers 0: there is none, 1: done, 2: it is of another version.
-- ARGV: version
local present = redis.call('GET', KEYS[1])
if not present then
    return 0
end
local at, created, version = read(present)
if at and version ~= tonumber(ARGV[1]) then
    return 2
end
redis.call('DEL', KEYS[1])
return 1
