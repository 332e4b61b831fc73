-- The ten highest bids of each auction.
SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY auction ORDER BY price DESC) AS rn FROM
bid) r WHERE rn <= 10
