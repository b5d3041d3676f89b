DROP VIEW public.recent_security_events;
DROP VIEW public.asset_catalog_summary;
DROP VIEW public.worker_efficiency;
DROP VIEW public.active_tasks_by_master;
