//! Lists: made of picks from others, row by row. Equality and order are those of sorting: nulls are equal, NaN is the largest.

use super::own::{Call, Own, gives, takes};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, ListArray, StringViewBuilder, new_null_array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{SortOptions, cast, interleave};
use arrow::datatypes::{DataType, FieldRef};
use arrow::row::{RowConverter, Rows, SortField};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::ScalarUDF;
use std::collections::HashSet;
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    let function =
        |name, aliases, usage, takes, gives, run| Own { name, aliases, usage, takes, gives, json: false, run };
    let list = |name, aliases, run| function(name, aliases, "a list", one_list, gives::first, run);
    let pair = |name, aliases, gives, run| function(name, aliases, "two lists", two_lists, gives, run);
    let all = [
        list("list_distinct", &["array_distinct"], distinct),
        function("list_unique", &["array_unique"], "a list", one_list, gives::integer, unique),
        function(
            "list_sort",
            &["array_sort"],
            "a list, 'ASC' or 'DESC', and 'NULLS FIRST' or 'NULLS LAST'",
            sort_takes,
            gives::first,
            |c| sort(c, false),
        ),
        function(
            "list_reverse_sort",
            &["array_reverse_sort"],
            "a list, and 'NULLS FIRST' or 'NULLS LAST'",
            sort_takes,
            gives::first,
            |c| sort(c, true),
        ),
        function(
            "list_grade_up",
            &["array_grade_up"],
            "a list, 'ASC' or 'DESC', and 'NULLS FIRST' or 'NULLS LAST'",
            sort_takes,
            places,
            grade_up,
        ),
        function("list_concat", &["list_cat", "array_concat", "array_cat"], "lists", many_lists, widest, concat),
        pair("list_has_any", &["array_has_any", "list_overlap", "arrays_overlap"], gives::boolean, has_any),
        pair("list_has_all", &["array_has_all"], gives::boolean, has_all),
        pair("list_intersect", &["array_intersect"], gives::first, intersect),
        function("list_where", &["array_where"], "a list and a list of booleans", list_and_list, gives::first, filter),
        function("list_select", &["array_select"], "a list and a list of places", list_and_list, gives::first, select),
        function(
            "list_slice",
            &["array_slice"],
            "a list or a string, two places, and perhaps a step",
            slice_takes,
            gives::first,
            slice,
        ),
    ];
    all.into_iter().map(Own::function).collect()
}

/// `a || b` of lists, null where one of them is.
pub(super) fn join() -> Arc<ScalarUDF> {
    let run = |call: &Call<'_>| {
        let joined = concat(call)?;
        let null = (0..call.rows).map(|row| Some(call.arrays.iter().any(|array| array.is_null(row)))).collect();
        Ok(arrow::compute::nullif(&joined, &null)?)
    };
    Own { name: "list_join", aliases: &[], usage: "two lists", takes: two_lists, gives: widest, json: false, run }
        .function()
}

fn list(data_type: &DataType) -> Option<DataType> {
    match data_type {
        DataType::List(_) => Some(data_type.clone()),
        DataType::LargeList(item) | DataType::FixedSizeList(item, _) => Some(DataType::List(item.clone())),
        DataType::Null => Some(DataType::new_list(DataType::Null, true)),
        _ => None,
    }
}

fn one_list(types: &[DataType]) -> Option<Vec<DataType>> {
    types.iter().map(list).collect::<Option<Vec<_>>>().filter(|types| types.len() == 1)
}

/// Lists of one type, the one that holds the elements of all.
fn many_lists(types: &[DataType]) -> Option<Vec<DataType>> {
    use datafusion::logical_expr::type_coercion::binary::comparison_coercion;
    let lists = types.iter().map(list).collect::<Option<Vec<_>>>()?;
    let widest = lists.iter().skip(1).try_fold(lists.first()?.clone(), |widest, list| match (&widest, list) {
        (DataType::List(a), DataType::List(b)) if a.data_type() != b.data_type() => {
            let item = if a.data_type().is_null() {
                b.data_type().clone()
            } else if b.data_type().is_null() {
                a.data_type().clone()
            } else {
                comparison_coercion(a.data_type(), b.data_type())?
            };
            Some(DataType::new_list(item, true))
        }
        _ => Some(widest),
    })?;
    Some(vec![widest; types.len()])
}

fn two_lists(types: &[DataType]) -> Option<Vec<DataType>> {
    many_lists(types).filter(|types| types.len() == 2)
}

fn list_and_list(types: &[DataType]) -> Option<Vec<DataType>> {
    types.iter().map(list).collect::<Option<Vec<_>>>().filter(|types| types.len() == 2)
}

fn sort_takes(types: &[DataType]) -> Option<Vec<DataType>> {
    let (first, options) = types.split_first()?;
    let mut all = vec![list(first)?];
    all.extend(options.iter().map(takes::string).collect::<Option<Vec<_>>>()?);
    (all.len() <= 3).then_some(all)
}

fn slice_takes(types: &[DataType]) -> Option<Vec<DataType>> {
    let (first, places) = types.split_first()?;
    let mut all = vec![list(first).filter(|_| !first.is_null()).or_else(|| takes::string(first))?];
    all.extend(places.iter().map(takes::integer).collect::<Option<Vec<_>>>()?);
    matches!(all.len(), 3 | 4).then_some(all)
}

fn widest(fields: &[FieldRef], constants: &[Option<&ScalarValue>]) -> Result<DataType> {
    gives::first(fields, constants)
}

fn places(_: &[FieldRef], _: &[Option<&ScalarValue>]) -> Result<DataType> {
    Ok(DataType::new_list(DataType::Int64, true))
}

/// The lists of a column, their elements in one array.
pub(super) struct Lists {
    lists: ListArray,
}

impl Lists {
    pub fn of(array: &ArrayRef) -> Result<Lists> {
        match list(array.data_type()) {
            Some(data_type) => Ok(Lists { lists: cast(array, &data_type)?.as_list::<i32>().clone() }),
            None => exec_err!("{} is no list", array.data_type()),
        }
    }

    pub fn len(&self) -> usize {
        self.lists.len()
    }

    pub fn is_null(&self, row: usize) -> bool {
        self.lists.is_null(row)
    }

    pub fn elements(&self) -> &ArrayRef {
        self.lists.values()
    }

    /// The places in [`Lists::elements`] of a row's; none where it is null.
    pub fn row(&self, row: usize) -> std::ops::Range<usize> {
        match (self.is_null(row), self.lists.value_offsets().get(row), self.lists.value_offsets().get(row + 1)) {
            (false, Some(start), Some(end)) => *start as usize..*end as usize,
            _ => 0..0,
        }
    }

    /// The elements in a form that is compared as a whole.
    fn keys(&self, options: SortOptions) -> Result<Rows> {
        let elements = self.elements();
        let converter = RowConverter::new(vec![SortField::new_with_options(elements.data_type().clone(), options)])?;
        Ok(converter.convert_columns(std::slice::from_ref(elements))?)
    }
}

/// Lists in the making, of elements picked from arrays.
pub(super) struct Picks {
    sources: Vec<ArrayRef>,
    picks: Vec<(usize, usize)>,
    lengths: Vec<usize>,
    valid: Vec<bool>,
}

impl Picks {
    /// From arrays of one type; behind them is a null to pick, at [`Picks::null`].
    pub fn from(sources: Vec<ArrayRef>) -> Picks {
        let null = sources.first().map(|first| new_null_array(first.data_type(), 1));
        Picks {
            sources: sources.into_iter().chain(null).collect(),
            picks: Vec::new(),
            lengths: Vec::new(),
            valid: Vec::new(),
        }
    }

    pub fn null(&self) -> (usize, usize) {
        (self.sources.len() - 1, 0)
    }

    /// A list of these elements; or null.
    pub fn push(&mut self, picks: Option<impl IntoIterator<Item = (usize, usize)>>) {
        let before = self.picks.len();
        self.valid.push(picks.is_some());
        self.picks.extend(picks.into_iter().flatten());
        self.lengths.push(self.picks.len() - before);
    }

    pub fn finish(self, result: &DataType) -> Result<ArrayRef> {
        let DataType::List(item) = result else { return exec_err!("{result} is no list") };
        let sources: Vec<&dyn Array> = self.sources.iter().map(|source| source.as_ref()).collect();
        let values = match self.picks.is_empty() {
            true => new_null_array(item.data_type(), 0),
            false => interleave(&sources, &self.picks)?,
        };
        let values = if values.data_type() == item.data_type() { values } else { cast(&values, item.data_type())? };
        let nulls = NullBuffer::from(self.valid);
        Ok(Arc::new(ListArray::try_new(item.clone(), OffsetBuffer::from_lengths(self.lengths), values, Some(nulls))?))
    }
}

/// For each row of a call's first list, what `choose` picks of its elements.
fn picked(call: &Call<'_>, choose: impl Fn(&Lists, usize) -> Result<Option<Vec<usize>>>) -> Result<ArrayRef> {
    let lists = Lists::of(call.array(0)?)?;
    let mut picks = Picks::from(vec![lists.elements().clone()]);
    for row in 0..lists.len() {
        let chosen = if lists.is_null(row) { None } else { choose(&lists, row)? };
        picks.push(chosen.map(|places| places.into_iter().map(|place| (0, place))));
    }
    picks.finish(call.result.data_type())
}

/// The places of a row's elements, each value once; nulls are none.
fn once(lists: &Lists, keys: &Rows, row: usize) -> Vec<usize> {
    let mut seen = HashSet::new();
    lists.row(row).filter(|place| lists.elements().is_valid(*place) && seen.insert(keys.row(*place))).collect()
}

fn distinct(call: &Call<'_>) -> Result<ArrayRef> {
    let keys = Lists::of(call.array(0)?)?.keys(SortOptions::default())?;
    picked(call, |lists, row| Ok(Some(once(lists, &keys, row))))
}

fn unique(call: &Call<'_>) -> Result<ArrayRef> {
    let lists = Lists::of(call.array(0)?)?;
    let keys = lists.keys(SortOptions::default())?;
    let count = |row| (!lists.is_null(row)).then(|| once(&lists, &keys, row).len() as i64);
    Ok(Arc::new((0..lists.len()).map(count).collect::<Int64Array>()))
}

/// How a call sorts: as the words behind its list say.
fn order(call: &Call<'_>, reverse: bool) -> Result<SortOptions> {
    let mut options = SortOptions { descending: reverse, nulls_first: false };
    for place in 1..call.arrays.len() {
        let words = call.strings(place)?;
        let Some(word) = (!words.is_empty() && words.is_valid(0)).then(|| words.value(0).to_uppercase()) else {
            continue;
        };
        match word.trim() {
            "ASC" => options.descending = reverse,
            "DESC" => options.descending = !reverse,
            "NULLS FIRST" => options.nulls_first = true,
            "NULLS LAST" => options.nulls_first = false,
            other => return exec_err!("{}: {other} is none of ASC, DESC, NULLS FIRST, NULLS LAST", call.name),
        }
    }
    Ok(options)
}

fn sort(call: &Call<'_>, reverse: bool) -> Result<ArrayRef> {
    let keys = Lists::of(call.array(0)?)?.keys(order(call, reverse)?)?;
    picked(call, |lists, row| {
        let mut places: Vec<usize> = lists.row(row).collect();
        places.sort_by(|a, b| keys.row(*a).cmp(&keys.row(*b)));
        Ok(Some(places))
    })
}

/// The places that elements have in order, counted from 1.
fn grade_up(call: &Call<'_>) -> Result<ArrayRef> {
    let lists = Lists::of(call.array(0)?)?;
    let keys = lists.keys(order(call, false)?)?;
    let grades = (0..lists.len()).map(|row| {
        (!lists.is_null(row)).then(|| {
            let range = lists.row(row);
            let start = range.start;
            let mut places: Vec<usize> = range.collect();
            places.sort_by(|a, b| keys.row(*a).cmp(&keys.row(*b)));
            places.into_iter().map(move |place| Some((place - start + 1) as i64)).collect::<Vec<_>>()
        })
    });
    Ok(Arc::new(ListArray::from_iter_primitive::<arrow::datatypes::Int64Type, _, _>(grades)))
}

/// One after another; a null list adds nothing, and where all are null, so is the whole.
pub(super) fn concat(call: &Call<'_>) -> Result<ArrayRef> {
    let lists = call.arrays.iter().map(Lists::of).collect::<Result<Vec<_>>>()?;
    let DataType::List(item) = call.result.data_type() else { return exec_err!("{}: no list", call.name) };
    let sources = lists.iter().map(|lists| cast(lists.elements(), item.data_type())).collect::<Result<Vec<_>, _>>()?;
    let mut picks = Picks::from(sources);
    for row in 0..call.rows {
        let any = lists.iter().any(|lists| !lists.is_null(row));
        let all = lists.iter().enumerate();
        picks.push(any.then(|| all.flat_map(|(source, lists)| lists.row(row).map(move |place| (source, place)))));
    }
    picks.finish(call.result.data_type())
}

/// Whether each of some elements is among others; nulls are in none.
struct Pair {
    left: Lists,
    right: Lists,
    keys: (Rows, Rows),
}

impl Pair {
    fn of(call: &Call<'_>) -> Result<Pair> {
        let (left, right) = (Lists::of(call.array(0)?)?, Lists::of(call.array(1)?)?);
        let keys = (left.keys(SortOptions::default())?, right.keys(SortOptions::default())?);
        Ok(Pair { left, right, keys })
    }

    fn boolean(&self, test: impl Fn(&[usize], &[usize]) -> bool) -> ArrayRef {
        let row = |row| {
            let known = !self.left.is_null(row) && !self.right.is_null(row);
            known.then(|| test(&once(&self.left, &self.keys.0, row), &once(&self.right, &self.keys.1, row)))
        };
        Arc::new((0..self.left.len()).map(row).collect::<BooleanArray>())
    }

    fn same(&self, left: usize, right: usize) -> bool {
        self.keys.0.row(left) == self.keys.1.row(right)
    }
}

fn has_any(call: &Call<'_>) -> Result<ArrayRef> {
    let pair = Pair::of(call)?;
    Ok(pair.boolean(|left, right| left.iter().any(|a| right.iter().any(|b| pair.same(*a, *b)))))
}

fn has_all(call: &Call<'_>) -> Result<ArrayRef> {
    let pair = Pair::of(call)?;
    Ok(pair.boolean(|left, right| right.iter().all(|b| left.iter().any(|a| pair.same(*a, *b)))))
}

fn intersect(call: &Call<'_>) -> Result<ArrayRef> {
    let pair = Pair::of(call)?;
    picked(call, |_, row| {
        let right = once(&pair.right, &pair.keys.1, row);
        let shared = |place: &usize| right.iter().any(|other| pair.same(*place, *other));
        Ok((!pair.right.is_null(row)).then(|| once(&pair.left, &pair.keys.0, row).into_iter().filter(shared).collect()))
    })
}

fn filter(call: &Call<'_>) -> Result<ArrayRef> {
    let flags = Lists::of(call.array(1)?)?;
    let wanted = cast(flags.elements(), &DataType::Boolean)?;
    let wanted = wanted.as_boolean();
    picked(call, |lists, row| {
        let kept = flags.row(row).zip(lists.row(row)).filter(|(flag, _)| wanted.is_valid(*flag) && wanted.value(*flag));
        Ok((!flags.is_null(row)).then(|| kept.map(|(_, place)| place).collect()))
    })
}

fn select(call: &Call<'_>) -> Result<ArrayRef> {
    let (lists, wanted) = (Lists::of(call.array(0)?)?, Lists::of(call.array(1)?)?);
    let places = cast(wanted.elements(), &DataType::Int64)?;
    let places = places.as_primitive::<arrow::datatypes::Int64Type>();
    let mut picks = Picks::from(vec![lists.elements().clone()]);
    for row in 0..lists.len() {
        let range = lists.row(row);
        let pick = |at: usize| {
            let place = usize::try_from(places.value(at)).ok().and_then(|place| place.checked_sub(1));
            let place = place.filter(|place| places.is_valid(at) && *place < range.len());
            place.map_or(picks.null(), |place| (0, range.start + place))
        };
        let known = !lists.is_null(row) && !wanted.is_null(row);
        let chosen: Vec<(usize, usize)> = wanted.row(row).map(pick).collect();
        picks.push(known.then_some(chosen));
    }
    picks.finish(call.result.data_type())
}

/// From one place to another, both counted from 1, or from the end where they are below 0.
fn slice(call: &Call<'_>) -> Result<ArrayRef> {
    let (from, to, steps) = (call.integers(1)?, call.integers(2)?, call.optional_integers(3)?);
    let bounds = |row: usize, length: usize| -> Result<Option<Vec<usize>>> {
        if from.is_null(row) || to.is_null(row) || steps.as_ref().is_some_and(|steps| steps.is_null(row)) {
            return Ok(None);
        }
        let length = length as i64;
        let place = |place: i64| if place < 0 { length.saturating_add(place + 1) } else { place };
        let (from, to) = (place(from.value(row)), place(to.value(row)));
        let step = steps.as_ref().map_or(1, |steps| steps.value(row));
        let Some(by) = usize::try_from(step.unsigned_abs()).ok().filter(|by| *by > 0) else {
            return exec_err!("{}: a step of 0", call.name);
        };
        let places =
            |from: i64, to: i64| (from.max(1)..=to.min(length)).filter_map(|place| usize::try_from(place - 1).ok());
        Ok(Some(if step > 0 {
            places(from, to).step_by(by).collect()
        } else {
            places(to, from).rev().step_by(by).collect()
        }))
    };
    if !call.array(0)?.data_type().is_string() {
        return picked(call, |lists, row| {
            let range = lists.row(row);
            Ok(bounds(row, range.len())?.map(|places| places.into_iter().map(|place| range.start + place).collect()))
        });
    }
    let texts = call.strings(0)?;
    let mut out = StringViewBuilder::with_capacity(texts.len());
    for (row, text) in texts.iter().enumerate() {
        let letters: Vec<char> = text.unwrap_or_default().chars().collect();
        let places = bounds(row, letters.len())?.filter(|_| text.is_some());
        out.append_option(
            places.map(|places| places.into_iter().filter_map(|place| letters.get(place)).collect::<String>()),
        );
    }
    Ok(Arc::new(out.finish()))
}
