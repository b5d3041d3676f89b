/// The scripts that write and read the published view.
///
/// Each runs atomically; those that write carry the relay's epoch and fencing number.
/// What a row has published is kept in a private hash for each kind: a line `<epoch> <xmax> <running> <version>
/// <visible>`, then the places of its facts. So what a row leaves is taken back wherever it was, and what was read
/// earlier never replaces what was read later. The deletions share one stamp, the floor: a row that is not there may not
/// be put there by what was read before the last deletion.
enum ViewScripts {
    /// Puts rows into the view: `unmarked`, `fenced` or `done`, how many rows were applied, and the ids that have to be
    /// read again.
    ///
    /// KEYS: state. ARGV: fence, epoch, xmax, running, document ms, metadata before and after the count (or two empty
    /// texts), number of rows; for each kind's book, id, version, visible, whether it has to be visible already or be read
    /// again, number of messages, channel, text if visible, text if not, …, number of facts, form, key, member, value, ….
    static let apply =
        prelude + facts + """
            local state = office(ARGV[1], ARGV[2])
            if type(state) == 'string' then return {state} end
            local mine = {tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])}
            local stamp = ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[4]
            lifetime = ARGV[5]
            local floor = parseStamp(state.floor or '')
            local applied, late, at = 0, {}, 8
            local function take() at = at + 1 return ARGV[at] end
            for _ = 1, tonumber(ARGV[8]) do
                local book, id, version, visible, known = take(), take(), take(), take(), take()
                local messages, new = {}, {}
                for _ = 1, tonumber(take()) do messages[#messages + 1] = {take(), take(), take()} end
                for _ = 1, tonumber(take()) do new[#new + 1] = {take(), take(), take(), take()} end
                local old = entry(book, id)
                if #new == 0 and (not floor or older(floor, mine)) then
                    floor = mine
                    redis.call('HSET', KEYS[1], 'floor', stamp)
                end
                if old and older(mine, old.stamp) then
                    -- Somebody has read the row later than we did.
                elseif known == '1' and not (old and old.visible)
                    or not old and #new > 0 and floor and older(mine, floor) then
                    late[#late + 1] = id
                else
                    local keep = {}
                    for _, fact in ipairs(new) do keep[place(fact)] = true end
                    for _, fact in ipairs(old and old.facts or {}) do
                        if not keep[place(fact)] then takeBack(fact, id) end
                    end
                    local flat = {}
                    for _, fact in ipairs(new) do
                        put(fact, id)
                        local value = fact[1] == 'v' and fact[4] or ''
                        for _, part in ipairs({fact[1], fact[2], fact[3], value}) do flat[#flat + 1] = part end
                    end
                    if #new > 0 then
                        ensure(book, 'hash')
                        redis.call('HSET', book, id,
                            stamp .. ' ' .. version .. ' ' .. visible .. '\\n' .. cmsgpack.pack(flat))
                    elseif old then
                        redis.call('HDEL', book, id)
                    end
                    applied = applied + 1
                    for _, message in ipairs(messages) do
                        if visible == '1' then
                            redis.call('PUBLISH', message[1], message[2])
                        elseif old and old.visible then
                            redis.call('PUBLISH', message[1], message[3])
                        end
                    end
                end
            end
            if ARGV[6] ~= '' then
                ensure('catalog:assets', 'hash')
                redis.call('SET', 'catalog:metadata', ARGV[6] .. redis.call('HLEN', 'catalog:assets') .. ARGV[7])
            end
            return {'done', applied, late}
            """

    /// Takes facts out that no row has published: `unmarked`, `fenced` or `done`, and how many were taken out.
    ///
    /// KEYS: state. ARGV: fence, epoch, number of facts; for each form, key, member, book and id of the row whose fact it would
    /// be. The form `x` is a key that belongs to no family: it is removed.
    static let sweep =
        prelude + facts + """
            local state = office(ARGV[1], ARGV[2])
            if type(state) == 'string' then return {state} end
            local removed, at = 0, 3
            local function take() at = at + 1 return ARGV[at] end
            for _ = 1, tonumber(ARGV[3]) do
                local form, key, member, book, id = take(), take(), take(), take(), take()
                local stray
                if form == 'x' then
                    stray = true
                elseif form == 'v' then
                    stray = redis.call('EXISTS', id) == 0
                elseif form == 'e' then
                    stray = #owners(key, member, true) == 0
                else
                    local old = entry(book, id)
                    stray = true
                    for _, fact in ipairs(old and old.facts or {}) do
                        if fact[1] == form and fact[2] == key and fact[3] == member then stray = false end
                    end
                end
                if stray then
                    if form == 'x' then
                        removed = removed + redis.call('DEL', key)
                    elseif form == 'v' then
                        removed = removed + redis.call('SREM', key, member)
                    else
                        removed = removed + 1
                        if form == 'e' and is('cortex:view:edges', 'hash') then
                            redis.call('HDEL', 'cortex:view:edges', edge(key, member))
                        end
                        takeBack({form, key, member, ''}, id)
                    end
                end
            end
            return {'done', removed}
            """

    /// Marks the view as ours: `fenced` or `done`.
    ///
    /// KEYS: state. ARGV: fence, epoch.
    static let claim =
        prelude + """
            local state = office(ARGV[1], ARGV[2])
            if state == 'fenced' then return {state} end
            if state == 'unmarked' then
                redis.call('DEL', KEYS[1])
                redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'epoch', ARGV[2])
            end
            return {'done'}
            """

    /// Notes up to where the change feed is in the view: `unmarked`, `fenced`, `kept` when it is further already, or
    /// `done`.
    ///
    /// KEYS: state. ARGV: fence, epoch, xmax, running, position, number of the last feed row, kinds, `1` when the whole
    /// view was made anew, milliseconds since 1970.
    static let settle =
        prelude + """
            local state = office(ARGV[1], ARGV[2])
            if type(state) == 'string' then return {state} end
            local there = parseStamp(state.settled or '')
            local mine = {tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])}
            if ARGV[8] == '1' then redis.call('HSET', KEYS[1], 'complete', ARGV[2], 'kinds', ARGV[7]) end
            if there and not older(there, mine) then return {'kept'} end
            redis.call('HSET', KEYS[1], 'settled', ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[4],
                'position', ARGV[5], 'feed', ARGV[6], 'at', ARGV[9])
            return {'done'}
            """

    /// Reads facts: for each `{bytes}`, `{}` where it is not there, or `{bytes, type}` with the type that is in the way.
    ///
    /// ARGV: form, key, member, ….
    static let probe = """
        local result = {}
        local types = {h = 'hash', s = 'set', v = 'set', z = 'zset', d = 'string'}
        for at = 1, #ARGV, 3 do
            local form, key, member = ARGV[at], ARGV[at + 1], ARGV[at + 2]
            local kind = redis.call('TYPE', key).ok
            if kind == 'none' then
                result[#result + 1] = {}
            elseif kind ~= types[form] then
                result[#result + 1] = {'', kind}
            elseif form == 'h' then
                local value = redis.call('HGET', key, member)
                result[#result + 1] = value and {value} or {}
            elseif form == 'z' then
                local value = redis.call('ZSCORE', key, member)
                result[#result + 1] = value and {value} or {}
            elseif form == 'd' then
                result[#result + 1] = {redis.call('GET', key)}
            else
                result[#result + 1] = redis.call('SISMEMBER', key, member) == 1 and {''} or {}
            end
        end
        return result
        """
}
