-- Puts in a new record of a user, and puts it on the user's list, or does neither.
-- KEYS: the record, the list. ARGV: text, milliseconds, what the list is told
-- Answers 0: there is one already, 1: done, with some of a long list.
if redis.call('EXISTS', KEYS[1]) == 1 then
    return {0}
end
local some = list(KEYS[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {1, some}
