WITH lane_2_series AS (
  SELECT DISTINCT series FROM sum_members_2
),
lane_2_points AS (
  SELECT r.series, r.ts, r.value, r.flag
  FROM readings AS r JOIN lane_2_series AS s ON s.series = r.series
  WHERE r.ts >= 0 AND r.ts < 31536000000000
  UNION ALL
  SELECT r.series, r.ts, r.value, r.flag FROM readings AS r
  JOIN (
    SELECT r.series, max(r.ts) AS ts
    FROM readings AS r JOIN lane_2_series AS s ON s.series = r.series
    WHERE r.ts < 0 GROUP BY r.series
  ) AS b ON b.series = r.series AND b.ts = r.ts
  UNION ALL
  SELECT r.series, min(r.ts) AS ts, NULL AS value, 19 AS flag
  FROM readings AS r JOIN lane_2_series AS s ON s.series = r.series
  WHERE r.ts >= 31536000000000 GROUP BY r.series
  UNION ALL
  SELECT series, -62135596800000000 AS ts, NULL AS value, 19 AS flag
  FROM lane_2_series
),
lane_2_held AS (
  SELECT series, ts AS start, coalesce(until, 253402214400000000) AS "end", until - ts AS length,
    CASE WHEN flag NOT IN (0, 19) THEN value END AS value, flag
  FROM (
    SELECT series, ts, value, flag, lead(ts) OVER (PARTITION BY series ORDER BY ts) AS until
    FROM lane_2_points
  ) AS p
),
lane_2_pieces AS (
  SELECT h.series, b.bucket,
    greatest(h.start, b.start) AS start, least(h."end", b."end") AS "end",
    h.length, h.value, h.flag
  FROM (
    SELECT h.series, greatest(h.start, m.start) AS start, least(h."end", m."end") AS "end",
      h.length, (h.value * m.scale + m.shift) AS value, h.flag
    FROM lane_2_held AS h
    JOIN sum_members_2 AS m ON m.series = h.series
      AND m.start < h."end" AND m."end" > h.start
  ) AS h
  JOIN sum_buckets AS b ON b.start < h."end" AND b."end" > h.start
)
  SELECT r.series, c.bucket, fsum((r.value * m.scale + m.shift) * c.multiply / c.divide) AS total,
    CAST(sum(CASE WHEN r.value IS NULL THEN 0 ELSE c."end" - c.start END) AS BIGINT) AS covered,
    count(r.value) AS numbers, count(*) AS cells, 0 AS open_cells,
    bit_or(CAST(1 AS INTEGER) << r.flag) AS seen
  FROM (
    SELECT series, ts, CASE WHEN flag NOT IN (0, 19) THEN value END AS value, flag
    FROM readings
  ) AS r
  JOIN sum_calendar_1 AS c ON c.point = r.ts
  JOIN sum_members_1 AS m ON m.series = r.series
    AND r.ts + (c.decided - c.point) >= m.start AND r.ts + (c.decided - c.point) < m."end"
  GROUP BY r.series, c.bucket
  UNION ALL
  SELECT series, bucket, fsum(value * ("end" - start) / 3600000000) AS total,
    CAST(sum(CASE WHEN value IS NULL THEN 0 ELSE "end" - start END) AS BIGINT) AS covered,
    count(value) AS numbers, count(*) AS cells, count(*) AS open_cells,
    bit_or(CAST(1 AS INTEGER) << flag) AS seen
  FROM lane_2_pieces
  GROUP BY series, bucket
ORDER BY series, bucket
