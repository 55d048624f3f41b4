-- All names on the list; and 1 if it held something else.
return {cleared(KEYS[1]), others(KEYS[1], {})}
