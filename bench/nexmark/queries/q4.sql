-- Average price by category: a join with a residual condition, then two aggregates.
SELECT category, trunc(avg(final))::bigint AS final
FROM (
  SELECT a.id, a.category, max(b.price) AS final
  FROM auction a JOIN bid b ON a.id = b.auction AND b.date_time BETWEEN a.date_time AND a.expires
  GROUP BY a.id, a.category
) w
GROUP BY category
