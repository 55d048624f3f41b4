-- Tells of each key whether something is under it.
local alive = {}
for index, key in ipairs(KEYS) do
    alive[index] = redis.call('EXISTS', key)
end
return alive
