package redisstream

import "github.com/redis/go-redis/v9"

// Scripts are atomic: what they look at is still so when they act. The first key is the stream, ARGV[1] the group.

// ownScript sets for how long entries have been idle: 0 says that they are in work, more lets others take them over.
// ARGV: group, consumer, milliseconds, ids. Entries that are no longer the consumer's stay as they are.
var ownScript = redis.NewScript(`
local claim = {'XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0}
for i = 4, #ARGV do
  local own = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1, ARGV[2])
  if #own > 0 then claim[#claim + 1] = ARGV[i] end
end
local found = #claim - 5
if found > 0 then
  for _, option in ipairs({'IDLE', ARGV[3], 'JUSTID'}) do claim[#claim + 1] = option end
  redis.call(unpack(claim))
end
return found`)

// buryScript moves an entry to the dead letters, for one group: there and acknowledged, or neither. An entry that is no
// longer the consumer's is left to whose it is. Lua unpacks no more than some thousand values, so of an entry with more
// than a thousand fields the first are kept.
// KEYS: stream, dead letters. ARGV: group, consumer, id, most dead letters, reason, attempts, time. It returns 1 if it
// moved the entry.
var buryScript = redis.NewScript(`
if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1, ARGV[2]) == 0 then return 0 end
local entry = redis.call('XRANGE', KEYS[1], ARGV[3], ARGV[3])[1]
if entry then
  local add = {'XADD', KEYS[2], 'MAXLEN', '=', ARGV[4], '*', 'dead_group', ARGV[1], 'dead_reason', ARGV[5],
    'dead_attempts', ARGV[6], 'dead_at', ARGV[7], 'dead_entry', ARGV[3]}
  for i = 1, math.min(#entry[2], 2000) do add[#add + 1] = entry[2][i] end
  redis.call(unpack(add))
end
redis.call('XACK', KEYS[1], ARGV[1], ARGV[3])
return entry and 1 or 0`)

// retryScript moves a dead letter back. KEYS: stream, dead letters. ARGV: its id, most entries of the stream, how many
// fields are the dead letter's own. It returns 1 if it moved it, 0 if there is no such dead letter.
var retryScript = redis.NewScript(`
local letter = redis.call('XRANGE', KEYS[2], ARGV[1], ARGV[1])[1]
if not letter then return 0 end
local own, fields = tonumber(ARGV[3]), letter[2]
if fields[1] ~= 'dead_group' then own = 0 end
local add = {'XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*'}
for i = own + 1, #fields do add[#add + 1] = fields[i] end
redis.call(unpack(add))
redis.call('XDEL', KEYS[2], ARGV[1])
return 1`)

// leaveScript removes a consumer that has nothing pending; to remove one that has would lose it.
// ARGV: group, consumer. It returns 1 if it removed it.
var leaveScript = redis.NewScript(`
if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) > 0 then return 0 end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return 1`)

// sweepScript removes the consumers that are silent and have nothing pending: their processes are dead.
// ARGV: group, milliseconds of silence. It returns how many.
var sweepScript = redis.NewScript(`
local removed = 0
for _, list in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local consumer = {}
  for i = 1, #list, 2 do consumer[list[i]] = list[i + 1] end
  if tonumber(consumer.idle) > tonumber(ARGV[2])
    and #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, consumer.name) == 0 then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer.name)
    removed = removed + 1
  end
end
return removed`)

// tendScript removes what all groups have done and is older than the retention, and tells how a group stands. Ids are
// compared as text, as their numbers may have more digits than Lua's.
// KEYS: stream, dead letters. ARGV: group, retention in milliseconds. It returns the entries of the stream, the dead
// letters, the group's pending entries, and the milliseconds since the oldest that the group has not done, or -1.
var tendScript = redis.NewScript(`
local function part(id) return string.match(id, '^(%d+)-(%d+)$') end
local function less(a, b)
  if #a ~= #b then return #a < #b end
  return a < b
end
local function before(a, b)
  local a1, a2 = part(a)
  local b1, b2 = part(b)
  if a1 ~= b1 then return less(a1, b1) end
  return less(a2, b2)
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local cut = string.format('%.0f-0', math.max(now - ARGV[2], 0))
local pending, age = 0, -1
for _, list in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local group = {}
  for i = 1, #list, 2 do group[list[i]] = list[i + 1] end
  local seen = group['last-delivered-id']
  if not string.find(seen, '-', 1, true) then seen = seen .. '-0' end
  local summary = redis.call('XPENDING', KEYS[1], group.name)
  local oldest = summary[1] > 0 and summary[2]
  if group.name == ARGV[1] then
    pending = summary[1]
    local next = oldest
    if not next then
      local entry = redis.call('XRANGE', KEYS[1], '(' .. seen, '+', 'COUNT', 1)[1]
      next = entry and entry[1]
    end
    if next then age = math.max(now - part(next), 0) end
  end
  if before(oldest or seen, cut) then cut = oldest or seen end
end
redis.call('XTRIM', KEYS[1], 'MINID', '~', cut, 'LIMIT', 0)
return {redis.call('XLEN', KEYS[1]), redis.call('XLEN', KEYS[2]), pending, age}`)
