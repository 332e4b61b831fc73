-- Selection: one bid in 123.
SELECT auction, price
FROM bid
WHERE auction % 123 = 0
