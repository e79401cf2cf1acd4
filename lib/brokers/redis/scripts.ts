import { Script } from './connection.ts';

/*
 * An entry stays in the stream, and pending in the group, until it is acknowledged. The sorted set only says when an entry
 * is to be delivered again: if it is lost, the entry is delivered after the visibility time, as if its consumer had crashed.
 *
 * Scripts are atomic. They run although the memory is full (`allow-oom`): they add a few bytes, or free some.
 */

/**
 * Settles deliveries. A delivery is current as long as its entry is pending for its consumer with its count.
 *
 * Keys: stream, sorted set. Arguments: group, consumer, and then for each delivery: `ack`, `retry` or `extend`, the id, the
 * count, the wait in milliseconds. Returns for each delivery 1 if it was settled, 0 if it isn't current, -1 if its entry isn't
 * pending: it was acknowledged, or deleted.
 */
export const SETTLE = new Script(`#!lua flags=allow-oom
local stream, waiting = KEYS[1], KEYS[2]
local group, consumer = ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local results = {}
for i = 3, #ARGV, 4 do
  local action, id, count, wait = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
  local pending = redis.call('XPENDING', stream, group, id, id, 1)[1]
  local result = 1
  if not pending then
    result = -1
  elseif pending[2] ~= consumer or pending[4] ~= count then
    result = 0
  elseif action == 'ack' then
    redis.call('XACK', stream, group, id)
    redis.call('XDEL', stream, id)
    redis.call('ZREM', waiting, id)
  elseif action == 'retry' then
    redis.call('ZADD', waiting, now + wait, id)
  else
    redis.call('XCLAIM', stream, group, consumer, 0, id, 'JUSTID')
  end
  results[#results + 1] = result
end
return results
`);

/**
 * Claims entries that are due. If there is a cursor, it first goes on to search for entries whose consumer is gone, and
 * makes them due.
 *
 * Keys: stream, sorted set. Arguments: group, consumer, most entries, visibility time in milliseconds, cursor or ''. Returns
 * the entries (id, fields, count), the next cursor (`0-0` after the last one), the milliseconds until an entry is due (-1
 * if none is), and the ids of entries that are pending and were deleted by another client.
 */
export const CLAIM = new Script(`#!lua flags=allow-oom
local stream, waiting = KEYS[1], KEYS[2]
local group, consumer, max, visibility, cursor = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local claimed, lost = {}, {}
if cursor ~= '' then
  local found = redis.call('XAUTOCLAIM', stream, group, consumer, visibility, cursor, 'COUNT', 100, 'JUSTID')
  cursor, lost = found[1], found[3]
  for _, id in ipairs(found[2]) do
    redis.call('ZADD', waiting, 'NX', now, id)
  end
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', waiting, '-inf', now, 'LIMIT', 0, max)) do
  if redis.call('XPENDING', stream, group, id, id, 1)[1] then
    local entry = redis.call('XCLAIM', stream, group, consumer, 0, id)[1]
    if entry then
      entry[3] = redis.call('XPENDING', stream, group, id, id, 1)[1][4]
      claimed[#claimed + 1] = entry
    else
      lost[#lost + 1] = id
    end
  end
  redis.call('ZREM', waiting, id)
end
local due = -1
local first = redis.call('ZRANGE', waiting, 0, 0, 'WITHSCORES')
if first[2] then due = math.max(0, tonumber(first[2]) - now) end
return { claimed, cursor, due, lost }
`);

/*
 * The lease of the only worker that receives is a sorted set with one member: the consumer, with the time when the lease ends.
 * It is no key that expires: a policy like volatile-lru deletes such keys when the memory is full, however long they have left.
 */

/**
 * Takes or renews the lease.
 *
 * Key: the lease. Arguments: consumer, the time of the lease in milliseconds. Returns 1, or 0 if another consumer has it.
 */
export const TAKE_LEASE = new Script(`#!lua flags=allow-oom
-- A string is the lease of a worker of an earlier version, which expires.
if redis.call('TYPE', KEYS[1]).ok == 'string' then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lease = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if lease[1] and lease[1] ~= ARGV[1] and tonumber(lease[2]) > now then return 0 end
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
return 1
`);

/** Ends the lease of a consumer, if it has it. Key: the lease. Argument: consumer. */
export const RELEASE_LEASE = new Script(`#!lua flags=allow-oom
return redis.call('ZREM', KEYS[1], ARGV[1])
`);

/**
 * Reads entries in their order: as long as there is a cursor, it goes on to claim those that are pending, and then it reads
 * new ones. Nothing else may receive from the group.
 *
 * Keys: stream, lease. Arguments: group, consumer, most entries, cursor or ''. Returns the entries (id, fields, count), the
 * next cursor, the last entry that was ever delivered, and the ids of entries that are pending and were deleted by another
 * client. Returns nil if the consumer doesn't have the lease.
 */
export const READ_IN_ORDER = new Script(`#!lua flags=allow-oom
local stream, group, consumer, max, cursor = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local time = redis.call('TIME')
local ends = redis.call('ZSCORE', KEYS[2], consumer)
if not ends or tonumber(ends) <= time[1] * 1000 + math.floor(time[2] / 1000) then return false end
local entries, lost = {}, {}
if cursor ~= '' then
  local found = redis.call('XAUTOCLAIM', stream, group, consumer, 0, cursor, 'COUNT', max)
  cursor, entries, lost = found[1], found[2], found[3]
  for _, entry in ipairs(entries) do
    entry[3] = redis.call('XPENDING', stream, group, entry[1], entry[1], 1)[1][4]
  end
  if cursor == '0-0' then cursor = '' end
else
  local found = redis.call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', max, 'STREAMS', stream, '>')
  if found then entries = found[1][2] end
  for _, entry in ipairs(entries) do entry[3] = 1 end
end
local last
for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  local fields = {}
  for i = 1, #info, 2 do fields[info[i]] = info[i + 1] end
  if fields.name == group then last = fields['last-delivered-id'] end
end
return { entries, cursor, last, lost }
`);

/**
 * Deletes consumers without pending entries: one by its name, or all that made no call for a time.
 *
 * Key: stream. Arguments: group, the consumer or '', the time in milliseconds.
 */
export const DELETE_CONSUMERS = new Script(`#!lua flags=allow-oom
for _, info in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local fields = {}
  for i = 1, #info, 2 do fields[info[i]] = info[i + 1] end
  local isMeant = fields.name == ARGV[2] or (ARGV[2] == '' and fields.idle > tonumber(ARGV[3]))
  if isMeant and fields.pending == 0 then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], fields.name)
  end
end
return 0
`);
