-- known: of which of these users anything is kept. The others are offline and were never seen, which
-- is most of a contact list, so that each need not be asked about by a call of its own.
--
-- KEYS[1..n]  hash  user  of the users asked about
--
-- Answers with the places (1..n) of those that exist.

local known = {}
for place, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then known[#known + 1] = place end
end
return known
