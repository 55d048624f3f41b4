-- Lets a record live on. Never creates one.
-- ARGV: now, milliseconds, 1 if the text shows the expiry, until when it is on its user's list or '' for as it is
local text = redis.call('GET', KEYS[1])
if not text then
    return 0
end
move(text, tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1', ARGV[4] ~= '' and ARGV[4])
return 1
