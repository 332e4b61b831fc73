-- As queries/q11.sql; DuckDB has no SESSION: a session begins where the gap is over 10 s.
SELECT bidder, count(*) AS bid_count, min(date_time) AS starttime,
  max(date_time) + INTERVAL '10 seconds' AS endtime
FROM (SELECT bidder, date_time, sum(begins) OVER (PARTITION BY bidder ORDER BY date_time, arrival) AS session
      FROM (SELECT bidder, date_time, arrival,
              CASE WHEN date_time - lag(date_time) OVER (PARTITION BY bidder ORDER BY date_time, arrival)
                <= INTERVAL '10 seconds' THEN 0 ELSE 1 END AS begins
            FROM (SELECT *, row_number() OVER () AS arrival FROM bid)))
GROUP BY bidder, session
