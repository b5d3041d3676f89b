extension ViewScripts {
    /// What the writing scripts begin with: stamps, and whether the caller is in office.
    static let prelude = """
        local function parseStamp(text)
            local epoch, xmax, running = string.match(text, '^(%d+) (%d+) (%d+)')
            if not epoch then return nil end
            return {tonumber(epoch), tonumber(xmax), tonumber(running)}
        end

        local function older(a, b)
            if a[1] ~= b[1] then return a[1] < b[1] end
            if a[2] ~= b[2] then return a[2] < b[2] end
            return a[3] > b[3]
        end

        -- A later epoch is above every fencing number of an earlier one: a restored database counts anew.
        local function office(fence, epoch)
            if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return 'unmarked' end
            local found = redis.call('HMGET', KEYS[1], 'fence', 'epoch', 'floor', 'settled')
            local highest, era = tonumber(found[1] or ''), tonumber(found[2] or '')
            if not highest or not era then return 'unmarked' end
            local mine, now = tonumber(fence), tonumber(epoch)
            if now < era or (now == era and mine < highest) then return 'fenced' end
            if now > era or mine > highest then redis.call('HSET', KEYS[1], 'fence', fence, 'epoch', epoch) end
            return {floor = found[3], settled = found[4]}
        end


        """

    /// What the scripts that change rows need: what a row has published, and how each fact is put and taken back.
    ///
    /// A key of another type is removed first: the names are ours.
    static let facts = """
        local lifetime = '0'

        -- The types of the keys that are not documents, asked for once: nobody else changes them meanwhile.
        local kinds = {}
        local function kindOf(key)
            local found = kinds[key]
            if not found then
                found = redis.call('TYPE', key).ok
                kinds[key] = found
            end
            return found
        end

        local function ensure(key, kind)
            local found = kindOf(key)
            if found == kind then return end
            if found ~= 'none' then redis.call('DEL', key) end
            kinds[key] = kind
        end

        local function is(key, kind) return kindOf(key) == kind end

        local function entry(book, id)
            local raw = is(book, 'hash') and redis.call('HGET', book, id)
            if not raw then return nil end
            local visible, start = string.match(raw, '^%d+ %d+ %d+ %d+ ([01])\\n()')
            if not visible then return nil end
            local good, flat = pcall(cmsgpack.unpack, string.sub(raw, start))
            if not good or type(flat) ~= 'table' or #flat % 4 ~= 0 then return nil end
            local result = {stamp = parseStamp(raw), visible = visible == '1', facts = {}}
            for at = 1, #flat, 4 do
                for part = at, at + 3 do
                    if type(flat[part]) ~= 'string' then return nil end
                end
                result.facts[#result.facts + 1] = {flat[at], flat[at + 1], flat[at + 2], flat[at + 3]}
            end
            return result
        end

        local function place(fact) return fact[1] .. #fact[2] .. ':' .. fact[2] .. fact[3] end

        local function edge(up, down) return #up .. ':' .. up .. down end

        local lineage = 'cortex:view:asset_lineage'

        -- The rows that say an edge, each 36 bytes; `checks` leaves out those that do not say it any more.
        local function owners(up, down, checks)
            local raw = is('cortex:view:edges', 'hash') and redis.call('HGET', 'cortex:view:edges', edge(up, down))
            local result = {}
            if not raw or #raw % 36 ~= 0 then return result end
            for at = 1, #raw, 36 do
                local id = string.sub(raw, at, at + 35)
                local says = not checks
                if checks then
                    local row = entry(lineage, id)
                    for _, fact in ipairs(row and row.facts or {}) do
                        if fact[1] == 'e' and fact[2] == up and fact[3] == down then says = true end
                    end
                end
                if says then result[#result + 1] = id end
            end
            return result
        end

        local function put(fact, id)
            local form, key, member, value = fact[1], fact[2], fact[3], fact[4]
            if form == 'h' then
                ensure(key, 'hash')
                redis.call('HSET', key, member, value)
            elseif form == 's' or form == 'v' then
                ensure(key, 'set')
                redis.call('SADD', key, member)
            elseif form == 'z' then
                ensure(key, 'zset')
                redis.call('ZADD', key, value, member)
            elseif form == 'd' then
                redis.call('SET', key, value, 'PX', lifetime)
            elseif form == 'e' then
                local ids = owners(key, member, false)
                local known = false
                for _, owner in ipairs(ids) do known = known or owner == id end
                if not known then ids[#ids + 1] = id end
                ensure('cortex:view:edges', 'hash')
                redis.call('HSET', 'cortex:view:edges', edge(key, member), table.concat(ids))
                ensure('catalog:lineage:upstream:' .. member, 'set')
                redis.call('SADD', 'catalog:lineage:upstream:' .. member, key)
                ensure('catalog:lineage:downstream:' .. key, 'set')
                redis.call('SADD', 'catalog:lineage:downstream:' .. key, member)
            end
        end

        local function takeBack(fact, id)
            local form, key, member, value = fact[1], fact[2], fact[3], fact[4]
            if form == 'h' then
                if is(key, 'hash') then redis.call('HDEL', key, member) end
            elseif form == 's' then
                if is(key, 'set') then redis.call('SREM', key, member) end
            elseif form == 'v' then
                if is(key, 'set') and redis.call('EXISTS', value) == 0 then redis.call('SREM', key, member) end
            elseif form == 'z' then
                if is(key, 'zset') then redis.call('ZREM', key, member) end
            elseif form == 'd' then
                redis.call('DEL', key)
            elseif form == 'e' then
                local ids = {}
                for _, owner in ipairs(owners(key, member, false)) do
                    if owner ~= id then ids[#ids + 1] = owner end
                end
                if #ids > 0 then
                    redis.call('HSET', 'cortex:view:edges', edge(key, member), table.concat(ids))
                    return
                end
                if is('cortex:view:edges', 'hash') then redis.call('HDEL', 'cortex:view:edges', edge(key, member)) end
                local up, down = 'catalog:lineage:upstream:' .. member, 'catalog:lineage:downstream:' .. key
                if is(up, 'set') then redis.call('SREM', up, key) end
                if is(down, 'set') then redis.call('SREM', down, member) end
            end
        end


        """
}
