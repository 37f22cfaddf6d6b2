"""List the SQL functions that a query may use. Everything else is refused: an unknown function may read a file."""

from __future__ import annotations

TABLE_FUNCTIONS = frozenset("unnest generate_series range".split())

_AGGREGATES = """
any_value approx_count_distinct approx_quantile arg_max arg_min argmax argmin array_agg avg bit_and bit_or bool_and
bool_or corr count count_if count_star countif covar_pop covar_samp entropy favg first fsum geomean geometric_mean
group_concat grouping kurtosis last list listagg mad max max_by mean median min min_by mode product quantile
quantile_cont quantile_disc regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
sem skewness stddev stddev_pop stddev_samp string_agg sum sumkahan var_pop var_samp variance wavg weighted_avg
"""
_WINDOWS = """
cume_dist dense_rank fill first_value lag last_value lead nth_value ntile percent_rank rank rank_dense row_number
"""
_NUMBERS = """
abs cbrt ceil ceiling div divide even exp fdiv floor fmod greatest if ifnull isfinite isinf isnan least ln log log10
log2 mod multiply add subtract nullif coalesce pi pow power round round_even sign sqrt trunc signbit switch
"""
_TEXTS = """
ascii bar bit_length char_length character_length concat concat_ws contains ends_with format instr lcase left
len length levenshtein lower ltrim nfc_normalize ord position prefix regexp_escape regexp_extract regexp_extract_all
regexp_full_match regexp_matches regexp_replace regexp_split_to_array replace reverse right rtrim split split_part
starts_with str_split str_split_regex string_split string_split_regex string_to_array strip_accents strlen strpos
substr substring suffix translate trim ucase unicode upper chr jaccard jaro_similarity jaro_winkler_similarity
damerau_levenshtein editdist3 hamming printf like_escape ilike_escape not_like_escape not_ilike_escape
"""
_TIMES = """
age century current_date current_localtime current_localtimestamp date_add date_diff date_part date_sub date_trunc
datediff datepart datesub datetrunc day dayname dayofmonth dayofweek dayofyear days_in_month decade epoch epoch_ms era
extract get_current_time get_current_timestamp hour isodow isoyear julian last_day make_date make_time make_timestamp
make_timestamptz microsecond millennium millisecond minute month monthname now quarter second strftime strptime
time_bucket timezone to_days to_hours to_minutes to_months to_quarters to_seconds to_timestamp to_weeks to_years today
transaction_timestamp try_strptime week weekday weekofyear year yearweek
"""
_NESTED = """
array_concat array_contains array_distinct array_extract array_filter array_has array_length array_position array_slice
array_sort array_to_string array_transform array_value cardinality element_at flatten list_aggregate list_append
list_apply list_avg list_concat list_contains list_count list_distinct list_element list_extract list_filter list_first
list_has list_has_all list_has_any list_indexof list_last list_max list_median list_min list_pack list_position
list_reduce list_reverse list_reverse_sort list_select list_slice list_sort list_sum list_transform list_unique
list_value list_where list_zip map map_concat map_contains map_entries map_extract map_extract_value map_from_entries
map_keys map_values row struct_extract struct_pack json_extract json_extract_string json_extract_path
json_extract_path_text json_keys json_type json_valid json_array_length json_value to_json typeof hash md5
"""
_OPERATORS = (
    "+ - * / // % ** ^ || & | << >> ~ ! = == != <> < > <= >= -> ->> ~~ !~~ ~~* !~~* ~~~ @> <@ && ^@ @ !__postfix "
    "__between"
)

AGGREGATES = frozenset(_AGGREGATES.split())
FUNCTIONS = frozenset(
    name for names in (_AGGREGATES, _WINDOWS, _NUMBERS, _TEXTS, _TIMES, _NESTED, _OPERATORS) for name in names.split()
)
