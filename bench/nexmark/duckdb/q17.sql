-- As queries/q17.sql; DuckDB calls to_char strftime.
SELECT auction, strftime(date_time, '%Y-%m-%d') AS day, count(*) AS total_bids,
  count(*) FILTER (WHERE price < 10000) r0,
  count(*) FILTER (WHERE price >= 10000 AND price < 1000000) r1,
  count(*) FILTER (WHERE price >= 1000000) r2,
  min(price) mi, max(price) ma, avg(price) av, sum(price) AS sum_price
FROM bid
GROUP BY 1, 2
