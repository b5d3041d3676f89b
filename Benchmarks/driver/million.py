"""A catalog of a size, made by SQL: assets with relations, tasks with agents, runs and parents.

Words come about as often as their rank says (the first is in half of all descriptions, most are rare), as in texts that
people write. The same numbers give the same rows.
"""

import subprocess

# How many words there are, and the syllables that they are made of, two or three each.
WORDS = 20_000
SYLLABLES = "babebodadedofafefogagegokakekolalelomamemonanenopapeporarerosasesotateto"
COUNT = len(SYLLABLES) // 2


def word(number):
    """A made-up word: different numbers, different words."""
    number, text = number + COUNT, ""
    while number:
        number, place = divmod(number, COUNT)
        text = SYLLABLES[2 * place:2 * place + 2] + text
    return text


def asset_id(number):
    return f"bench.{word(number % WORDS)}.{number}"


# The same words in SQL, and the k-th word of a row: its rank is WORDS to the power of a number that the row decides.
FUNCTIONS = f"""
    CREATE FUNCTION bench_text(number bigint) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
    DECLARE
        rest bigint := number + {COUNT};
        text text := '';
    BEGIN
        WHILE rest > 0 LOOP
            text := substr('{SYLLABLES}', 1 + 2 * (rest % {COUNT})::int, 2) || text;
            rest := rest / {COUNT};
        END LOOP;
        RETURN text;
    END $$;
    CREATE FUNCTION bench_word(n bigint, k int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
    BEGIN
        RETURN bench_text(floor(power({WORDS}, (hashint8extended(n, k) & 1048575) / 1048576.0))::bigint - 1);
    END $$"""
# The tables whose secondary indexes are made after the rows.
TABLES = "schemaname = 'public' AND tablename IN ('assets', 'asset_lineage', 'tasks', 'agent_runs') AND indexname !~ '_pkey$'"


class Million:
    """Fills the database of a server, behind the back of its triggers: nobody serves it meanwhile."""

    def __init__(self, server, rows):
        self.server, self.rows = server, rows

    def fill(self):
        """Makes the rows, then the indexes, then the statistics."""
        self.run(FUNCTIONS)
        indexes = self.run(f"SELECT indexdef FROM pg_indexes WHERE {TABLES}")
        self.run(
            "SET session_replication_role = replica",
            f"DO $$ DECLARE i text; BEGIN FOR i IN SELECT indexname FROM pg_indexes WHERE {TABLES} LOOP "
            "EXECUTE format('DROP INDEX public.%I', i); END LOOP; END $$",
            self.assets(), self.relations(), self.agents(), self.tasks(), self.runs(),
        )
        self.run("SET maintenance_work_mem = '512MB'", *indexes)
        self.run("DROP FUNCTION bench_word", "DROP FUNCTION bench_text", "VACUUM (ANALYZE)")

    def run(self, *statements):
        """Runs statements one by one as superuser and gives the lines that they print."""
        command = ["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", self.server.superuser]
        for statement in statements:
            command += ["-c", statement]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()

    def assets(self):
        return f"""
            INSERT INTO public.assets (asset_id, asset_name, asset_type, category, namespace, path, description, owner,
                sensitivity, tags, last_modified_at, metadata)
            SELECT format('bench.%s.%s', bench_text(n % {WORDS}), n), concat_ws(' ', bench_word(n, 2), bench_word(n, 3)),
                (ARRAY['data', 'schema', 'document', 'policy', 'prompt', 'code'])[1 + n % 6], 'category-' || n % 40,
                'namespace.' || n % 200, format('coordination/%s/%s.json', bench_word(n, 4), n),
                concat_ws(' ', bench_word(n, 5), bench_word(n, 6), bench_word(n, 7), bench_word(n, 8), bench_word(n, 9),
                    bench_word(n, 10), bench_word(n, 11), bench_word(n, 12)),
                'owner-' || n % 100, (ARRAY['public', 'internal', 'internal', 'confidential'])[1 + n % 4],
                ARRAY['tag-' || n % 500], timestamptz '2025-11-01' + n * interval '1 second', '{{"size": 1024}}'
            FROM generate_series(1, {self.rows}) AS n"""

    def relations(self):
        """Each asset is made of the third of its number, and each fourth of one near it too."""
        return f"""
            INSERT INTO public.asset_lineage (upstream_raw, upstream_asset_id, downstream_raw, downstream_asset_id,
                lineage_type, confidence)
            SELECT up, up, down, down, 'derived', 0.9
            FROM generate_series(1, {self.rows}) AS n, LATERAL (VALUES (n / 3), (n - 1 - n % 50)) AS u (m),
                LATERAL (SELECT format('bench.%s.%s', bench_text(n % {WORDS}), n) AS down,
                    format('bench.%s.%s', bench_text(m % {WORDS}), m) AS up) AS ids
            WHERE m > 0 AND (m = n / 3 OR n % 4 = 0)"""

    def agents(self):
        return """
            INSERT INTO public.agents (agent_id, agent_type, agent_status, token_budget)
            SELECT 'bench-agent-' || n, CASE WHEN n <= 20 THEN 'master' ELSE 'worker' END, 'active', 100000
            FROM generate_series(1, 1000) AS n"""

    def tasks(self):
        """A task has up to ten subtasks; of a hundred, five are open."""
        return f"""
            INSERT INTO public.tasks (task_id, title, task_type, task_status, task_priority, assigned_to_raw, assigned_to,
                master_raw, master_agent_id, parent_task_id_raw, parent_task_id, created_at, metadata)
            SELECT 'bench-task-' || n, concat_ws(' ', bench_word(n, 20), bench_word(n, 21)), 'type-' || n % 12,
                CASE n % 100 WHEN 0 THEN 'in_progress' WHEN 1 THEN 'blocked' WHEN 2 THEN 'pending' WHEN 3 THEN 'pending'
                    WHEN 4 THEN 'pending' WHEN 5 THEN 'failed' ELSE 'completed' END,
                (ARRAY['low', 'medium', 'high', 'critical'])[1 + n % 4], agent, agent, master, master, parent, parent,
                timestamptz '2025-11-01' + n * interval '1 second', '{{"attempt": 1}}'
            FROM generate_series(1, {self.rows}) AS n, LATERAL (SELECT 'bench-agent-' || 21 + n % 980 AS agent,
                'bench-agent-' || 1 + n / 100 % 20 AS master,
                CASE WHEN n > 10 THEN 'bench-task-' || n / 10 END AS parent) AS r"""

    def runs(self):
        return f"""
            INSERT INTO public.agent_runs (agent_id_raw, agent_id, run_status, task_id_raw, task_id, token_budget, tokens_used,
                duration_minutes)
            SELECT agent, agent, 'completed', task, task, 8000, 4000, 12.5
            FROM generate_series(1, {self.rows} / 10) AS n,
                LATERAL (SELECT 'bench-agent-' || 21 + n % 980 AS agent, 'bench-task-' || n * 10 AS task) AS r"""
