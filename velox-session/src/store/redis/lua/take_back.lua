-- Deletes a record if it still has this text. Returns 1 if it did.
-- ARGV: the text
if redis.call('GET', KEYS[1]) == ARGV[1] then
    return redis.call('DEL', KEYS[1])
end
return 0
