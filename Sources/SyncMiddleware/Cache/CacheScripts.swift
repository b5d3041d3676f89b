/// The scripts as Redis runs them; `CacheCell` says in Swift what each does to one key.
///
/// Each returns `{status, server ms, damaged, bytes}`: `damaged` is the number of keys that held something that is none of
/// ours and were deleted, `bytes` is what LEASE found. Versions go in and out as the texts they came as, and are compared as
/// numbers. A script that finds no memory for a tombstone deletes the key, which allows no fill either.
enum CacheScripts {
    /// Says `held`, `busy`, `granted` or `full`.
    ///
    /// ARGV: token, lease ms, floor ms.
    static let lease =
        prelude + """
            local floor = '0'
            if entry and entry.kind ~= 'T' then return {'held', now, damaged, raw} end
            if entry then
                if entry.token ~= '-' and tonumber(entry.lease) > now then return {'busy', now, damaged, ''} end
                floor = entry.version
            end
            local lease = string.format('%.0f', now + tonumber(ARGV[2]))
            local stop = entry and expiry(key) or 0
            if stop == 0 then stop = now + tonumber(ARGV[3]) end
            if store(key, 'T ' .. floor .. ' ' .. lease .. ' ' .. ARGV[1] .. '\\n', stop) then
                return {'granted', now, damaged, ''}
            end
            return {'full', now, damaged, ''}
            """

    /// Says `filled`, `refused` or `full`.
    ///
    /// ARGV: token, version, sensitivity or `-` for an absent row, document ms, body.
    static let fill =
        prelude + """
            if not entry or entry.kind ~= 'T' or entry.token ~= ARGV[1] or tonumber(entry.lease) <= now then
                return {'refused', now, damaged, ''}
            end
            if tonumber(ARGV[2]) < tonumber(entry.version) then
                release(key, entry, ARGV[1])
                return {'refused', now, damaged, ''}
            end
            if store(key, document(ARGV[2], ARGV[3], ARGV[5]), now + tonumber(ARGV[4])) then return {'filled', now, damaged, ''} end
            return {'full', now, damaged, ''}
            """

    /// Says `kept`, `buried` or `deleted` for each key, with spaces between them; the only one for several keys.
    ///
    /// ARGV: floor ms, then a version for each key.
    static let invalidate =
        common + """
            local done = {}
            for place, key in ipairs(KEYS) do
                done[place] = invalidate(key, look(key), ARGV[place + 1], ARGV[1])
            end
            return {table.concat(done, ' '), now, damaged, ''}
            """

    /// Says `stored`, `kept`, `buried` or `deleted`.
    ///
    /// ARGV: token or `-`, version, sensitivity or `-`, document ms, floor ms, body.
    static let put =
        prelude + """
            local may = false
            if entry and entry.kind == 'T' then
                may = ARGV[1] ~= '-' and entry.token == ARGV[1] and tonumber(entry.version) <= tonumber(ARGV[2])
            elseif entry then
                may = tonumber(entry.version) < tonumber(ARGV[2])
            end
            if not may then return {invalidate(key, entry, ARGV[2], ARGV[5]), now, damaged, ''} end
            if store(key, document(ARGV[2], ARGV[3], ARGV[6]), now + tonumber(ARGV[4])) then return {'stored', now, damaged, ''} end
            redis.call('DEL', key)
            return {'deleted', now, damaged, ''}
            """

    /// Says `released`.
    ///
    /// ARGV: token.
    static let release =
        prelude + """
            release(key, entry, ARGV[1])
            return {'released', now, damaged, ''}
            """

    /// What all begin with: the server's time, and how keys are read and written.
    private static let common = """
        local time = redis.call('TIME')
        local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
        local damaged = 0

        -- Digits only.
        local function isNumber(text)
            return #text <= 16 and (#text == 1 or string.byte(text) ~= 48) and tonumber(text) < 9007199254740992
        end

        local function parse(text)
            local version, filled = string.match(text, '^V (%d+) [%w_%-]+ (%d+)\\n')
            local kind = 'V'
            if not version then
                version, filled = string.match(text, '^N (%d+) (%d+)\\n$')
                kind = 'N'
            end
            if version then
                return isNumber(version) and isNumber(filled) and {kind = kind, version = version} or nil
            end
            local floor, lease, token = string.match(text, '^T (%d+) (%d+) ([%w_%-]+)\\n$')
            if floor and isNumber(floor) and isNumber(lease) then
                return {kind = 'T', version = floor, lease = lease, token = token}
            end
            return nil
        end

        -- What a key holds and its bytes, or nothing; what is none of ours is deleted.
        local function look(key)
            local raw = redis.pcall('GET', key)
            if not raw then return nil end
            if type(raw) == 'string' then
                local entry = parse(raw)
                if entry then return entry, raw end
            elseif not string.find(raw.err, 'WRONGTYPE', 1, true) then
                error(raw.err)
            end
            redis.call('DEL', key)
            damaged = damaged + 1
            return nil
        end

        local function expiry(key) return math.max(redis.call('PEXPIRETIME', key), 0) end

        local function store(key, text, stop)
            local reply = redis.pcall('SET', key, text, 'PXAT', string.format('%.0f', stop))
            return not reply.err
        end

        local function release(key, entry, token)
            if not entry or entry.kind ~= 'T' or entry.token ~= token then return end
            local reply = redis.pcall('SET', key, 'T ' .. entry.version .. ' 0 -\\n', 'KEEPTTL')
            if reply.err then redis.call('DEL', key) end
        end

        local function document(version, sensitivity, body)
            local filled = string.format('%.0f', now)
            if sensitivity == '-' then return 'N ' .. version .. ' ' .. filled .. '\\n' end
            return 'V ' .. version .. ' ' .. sensitivity .. ' ' .. filled .. '\\n' .. body
        end

        local function invalidate(key, entry, version, ttl)
            if entry and tonumber(entry.version) >= tonumber(version) then return 'kept' end
            local stop = now + tonumber(ttl)
            if entry and entry.kind == 'T' then stop = math.max(stop, expiry(key)) end
            if store(key, 'T ' .. version .. ' 0 -\\n', stop) then return 'buried' end
            redis.call('DEL', key)
            return 'deleted'
        end


        """

    /// What those on one key begin with: its entry, nil for none.
    private static let prelude =
        common + """
            local key = KEYS[1]
            local entry, raw = look(key)


            """
}
