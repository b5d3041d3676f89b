/// The scripts as Redis runs them, each on one key; `CacheCell` says the same in Swift.
///
/// Each returns `{status, server ms, damaged, bytes}`: `damaged` is 1 when the key held something that is none of ours
/// and was deleted, `bytes` is what LEASE found. Versions go in and out as the texts they came as, and are compared as
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
            local stop = expiry > 0 and expiry or now + tonumber(ARGV[3])
            if store('T ' .. floor .. ' ' .. lease .. ' ' .. ARGV[1] .. '\\n', stop) then
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
                release(ARGV[1])
                return {'refused', now, damaged, ''}
            end
            if store(document(ARGV[2], ARGV[3], ARGV[5]), now + tonumber(ARGV[4])) then return {'filled', now, damaged, ''} end
            return {'full', now, damaged, ''}
            """

    /// Says `kept`, `buried` or `deleted`.
    ///
    /// ARGV: version, floor ms.
    static let invalidate =
        prelude + """
            return invalidate(ARGV[1], ARGV[2])
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
            if not may then return invalidate(ARGV[2], ARGV[5]) end
            if store(document(ARGV[2], ARGV[3], ARGV[6]), now + tonumber(ARGV[4])) then return {'stored', now, damaged, ''} end
            redis.call('DEL', key)
            return {'deleted', now, damaged, ''}
            """

    /// Says `released`.
    ///
    /// ARGV: token.
    static let release =
        prelude + """
            release(ARGV[1])
            return {'released', now, damaged, ''}
            """

    /// What all begin with: the server's time, the key's entry, or nil for none, and its expiry.
    private static let prelude = """
        local key = KEYS[1]
        local time = redis.call('TIME')
        local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
        local damaged = 0

        local function isNumber(text)
            return #text <= 16 and (text == '0' or string.find(text, '^[1-9]%d*$') ~= nil)
                and tonumber(text) < 9007199254740992
        end

        local function parse(text)
            local stop = string.find(text, '\\n', 1, true)
            if not stop then return nil end
            local head = string.sub(text, 1, stop - 1)
            local version, word, filled = string.match(head, '^V (%d+) ([%w_%-]+) (%d+)$')
            if version then
                if isNumber(version) and isNumber(filled) then return {kind = 'V', version = version} end
                return nil
            end
            if stop ~= #text then return nil end
            version, filled = string.match(head, '^N (%d+) (%d+)$')
            if version then
                if isNumber(version) and isNumber(filled) then return {kind = 'N', version = version} end
                return nil
            end
            local floor, lease, token = string.match(head, '^T (%d+) (%d+) ([%w_%-]+)$')
            if floor and isNumber(floor) and isNumber(lease) then
                return {kind = 'T', version = floor, lease = lease, token = token}
            end
            return nil
        end

        local entry, raw
        local kind = redis.call('TYPE', key).ok
        if kind == 'string' then
            raw = redis.call('GET', key)
            entry = parse(raw)
        end
        if kind ~= 'none' and not entry then
            redis.call('DEL', key)
            damaged = 1
        end

        local expiry = math.max(redis.call('PEXPIRETIME', key), 0)

        local function store(text, stop)
            local reply = redis.pcall('SET', key, text, 'PXAT', string.format('%.0f', stop))
            return not reply.err
        end

        local function release(token)
            if not entry or entry.kind ~= 'T' or entry.token ~= token then return end
            local reply = redis.pcall('SET', key, 'T ' .. entry.version .. ' 0 -\\n', 'KEEPTTL')
            if reply.err then redis.call('DEL', key) end
        end

        local function document(version, sensitivity, body)
            local filled = string.format('%.0f', now)
            if sensitivity == '-' then return 'N ' .. version .. ' ' .. filled .. '\\n' end
            return 'V ' .. version .. ' ' .. sensitivity .. ' ' .. filled .. '\\n' .. body
        end

        local function invalidate(version, ttl)
            if entry and tonumber(entry.version) >= tonumber(version) then return {'kept', now, damaged, ''} end
            local stop = now + tonumber(ttl)
            if entry and entry.kind == 'T' then stop = math.max(stop, expiry) end
            if store('T ' .. version .. ' 0 -\\n', stop) then return {'buried', now, damaged, ''} end
            redis.call('DEL', key)
            return {'deleted', now, damaged, ''}
        end


        """
}
