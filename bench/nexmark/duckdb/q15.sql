-- As queries/q15.sql; DuckDB calls to_char strftime.
SELECT strftime(date_time, '%Y-%m-%d') AS day, count(*) AS total_bids, count(*) FILTER (WHERE price
< 10000) r0, count(*) FILTER (WHERE price >= 10000 AND price < 1000000) r1, count(*) FILTER (WHERE
price >= 1000000) r2, count(DISTINCT bidder) dbidder, count(DISTINCT bidder) FILTER (WHERE price <
10000) dbidder0, count(DISTINCT bidder) FILTER (WHERE price >= 10000 AND price < 1000000) dbidder1,
count(DISTINCT bidder) FILTER (WHERE price >= 1000000) dbidder2, count(DISTINCT auction) dauction,
count(DISTINCT auction) FILTER (WHERE price < 10000) dauction0, count(DISTINCT auction) FILTER
(WHERE price >= 10000 AND price < 1000000) dauction1, count(DISTINCT auction) FILTER (WHERE price >=
1000000) dauction2 FROM bid GROUP BY 1
