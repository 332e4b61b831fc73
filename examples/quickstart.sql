-- An auction house: 1,000 events a second, of which 46 in 50 are bids.
CREATE SOURCE person WITH (connector = 'nexmark', nexmark.table = 'person', nexmark.rate = 1000);
CREATE SOURCE auction WITH (connector = 'nexmark', nexmark.table = 'auction', nexmark.rate = 1000);
CREATE SOURCE bid WITH (connector = 'nexmark', nexmark.table = 'bid', nexmark.rate = 1000);

-- How sought-after is each auction?
CREATE MATERIALIZED VIEW bids_per_auction AS
    SELECT auction, count(*) AS bids, max(price) AS top_price
    FROM bid GROUP BY auction;

-- The highest price of each ten seconds.
CREATE MATERIALIZED VIEW top_price_per_window AS
    SELECT window_start, count(*) AS bids, max(price) AS top_price
    FROM TUMBLE(bid, date_time, INTERVAL '10 seconds') GROUP BY window_start;

-- Who sells in the north-west?
CREATE MATERIALIZED VIEW local_auctions AS
    SELECT p.name, p.city, p.state, a.id AS auction
    FROM auction a JOIN person p ON a.seller = p.id
    WHERE p.state IN ('OR', 'ID', 'CA');
