-- Leaves a mark, and answers all names on the list, the oldest first; and 1 if it held something else.
local garbage = cleared(KEYS[1])
redis.call('ZADD', KEYS[1], -clock(), MARK)
lives(KEYS[1], 600000)
return {garbage, others(KEYS[1], {})}
