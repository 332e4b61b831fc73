-- As queries/q5.sql; DuckDB has no HOP: each row is put into its five windows.
WITH c AS (
  SELECT auction, count(*) AS num, window_start, window_start + INTERVAL '10 seconds' AS window_end
  FROM (SELECT auction, time_bucket(INTERVAL '2 seconds', date_time) - INTERVAL '2 seconds' * n AS window_start
        FROM bid, range(5) r(n)) GROUP BY auction, window_start
), m AS (SELECT max(num) AS maxn, window_start FROM c GROUP BY window_start)
SELECT c.auction, c.num, c.window_start, c.window_end
FROM c JOIN m ON c.window_start = m.window_start AND c.num >= m.maxn
