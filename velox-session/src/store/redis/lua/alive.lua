-- Returns for each key whether it exists.
local alive = {}
for index, key in ipairs(KEYS) do
    alive[index] = redis.call('EXISTS', key)
end
return alive
