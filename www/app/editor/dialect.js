// The words of the engine's SQL, for highlighting and completion: fewer than CodeMirror's PostgreSQL has, so that columns
// named `year` or `value` look like columns.

export const KEYWORDS = `
all alter and anti any array as asc at between both by case cast create cross current cube current_date current_time
current_timestamp date_bin default desc describe distinct else end escape except exclude exists explain analyze verbose
extract false fetch filter first following for from full group grouping having ilike in inner intersect interval into is
join last lateral leading left like limit natural not null nulls of offset on or order outer over partition preceding
qualify range recursive respect ignore right rollup row rows select semi sets show tables columns similar some struct
table then ties timestamp to trailing true try_cast unbounded union unnest using values version when where window with
within without zone`
  .trim()
  .replace(/\s+/g, " ");

export const TYPES = `
bigint binary boolean bytea char date decimal double float int integer interval numeric real smallint string text time
timestamp tinyint unsigned varchar`
  .trim()
  .replace(/\s+/g, " ");

export const FUNCTIONS = `
abs acos approx_distinct approx_median approx_percentile_cont array_agg array_append array_concat array_contains array_distinct
array_element array_has array_join array_length array_position array_slice array_sort array_to_string arrow_cast arrow_typeof ascii
asin atan atan2 avg bit_and bit_or bit_xor bool_and bool_or btrim cardinality ceil char_length chr coalesce concat concat_ws
contains corr cos cot count covar_pop covar_samp cume_dist date_part date_trunc decode degrees dense_rank encode ends_with exp
first_value flatten floor from_unixtime gcd get_field greatest ifnull initcap isnan lag last_value lcm lead least length levenshtein ln
log log10 log2 lower lpad ltrim make_array make_date map map_keys map_values max md5 median min named_struct nanvl now nth_value
ntile nullif nvl nvl2 octet_length overlay percent_rank pi position pow power radians random range rank regexp_count
regexp_like regexp_match regexp_replace repeat replace reverse round row_number rpad rtrim sha256 signum sin split_part sqrt
starts_with stddev stddev_pop stddev_samp string_agg strpos substr substring sum tan to_char to_date to_hex to_timestamp
to_unixtime translate trim trunc upper uuid var_pop var_samp`
  .trim()
  .replace(/\s+/g, " ");
