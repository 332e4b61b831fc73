-- Hot items: a sliding window, and the windows' highest counts joined back.
WITH c AS (SELECT auction, count(*) AS num, window_start, window_end FROM HOP(bid, date_time,
INTERVAL '2 seconds', INTERVAL '10 seconds') GROUP BY auction, window_start, window_end), m AS
(SELECT max(num) AS maxn, window_start FROM c GROUP BY window_start) SELECT c.auction, c.num,
c.window_start, c.window_end FROM c JOIN m ON c.window_start = m.window_start AND c.num >= m.maxn
