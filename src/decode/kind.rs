//! What a cell could be, and the narrowest kind that holds all cells of a column.

use serde::{Deserialize, Serialize};

use crate::event::{ColumnType, TimeUnit};
use crate::kernel::form::Form;
use crate::kernel::instant::{DateStyle, EPOCH, Instant, InstantReader, parse_instant};
use crate::kernel::number::{parse_decimal, parse_int};
use crate::kernel::uuid::parse_uuid;

/// The kinds a column goes through while it is read: each holds all that the ones before it hold,
/// and `Text` holds everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    Null,
    Bool,
    Int,
    /// Integers that count time since 1970.
    Epoch(TimeUnit),
    Decimal(u8),
    Time(TimeUnit),
    /// Times, some of which that style alone reads.
    Dated(TimeUnit, DateStyle),
    Uuid,
    Text,
}

/// Whether a cell says that there is no value: empty, or a database's `NULL` or `\N`.
#[inline]
pub(super) fn is_null(cell: &[u8]) -> bool {
    matches!(cell, b"" | b"NULL" | b"null" | b"\\N")
}

/// `true`, `True`, `TRUE` and their opposites, with a number for the spelling.
#[inline]
pub(super) fn parse_bool(cell: &[u8]) -> Option<(bool, u32)> {
    Some(match cell {
        b"true" => (true, 0),
        b"false" => (false, 0),
        b"True" => (true, 1),
        b"False" => (false, 1),
        b"TRUE" => (true, 2),
        b"FALSE" => (false, 2),
        _ => return None,
    })
}

impl Kind {
    /// The narrowest kind of one cell.
    pub(super) fn of(cell: &[u8]) -> Self {
        if is_null(cell) {
            Self::Null
        } else if parse_int(cell).is_some() {
            Self::Int
        } else if let Some(decimal) = parse_decimal(cell) {
            // An integer beyond 64 bits is a name; as a decimal it would reach JavaScript rounded.
            if decimal.scale == 0 && cell.iter().all(u8::is_ascii_digit) { Self::Text } else { Self::Decimal(decimal.scale) }
        } else if parse_uuid(cell).is_some() {
            Self::Uuid
        } else if let Some(instant) = parse_instant(cell) {
            Self::of_instant(instant)
        } else if parse_bool(cell).is_some() {
            Self::Bool
        } else {
            Self::Text
        }
    }

    fn of_instant(instant: Instant) -> Self {
        match DateStyle::of(instant.form) {
            DateStyle::Plain => Self::Time(instant.unit()),
            style => Self::Dated(instant.unit(), style),
        }
    }

    /// The narrowest kind of a cell whose dates are read in that style.
    pub(super) fn in_style(style: DateStyle, cell: &[u8]) -> Self {
        match InstantReader::new(style, None).read(cell) {
            Some(instant) if style != DateStyle::Plain => Self::of_instant(instant),
            _ => Self::of(cell),
        }
    }

    /// How its dates are read.
    pub(super) fn style(self) -> DateStyle {
        if let Self::Dated(_, style) = self { style } else { DateStyle::Plain }
    }

    /// The narrowest kind that holds both.
    pub(super) fn join(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (epoch @ Self::Epoch(_), Self::Null) | (Self::Null, epoch @ Self::Epoch(_)) => epoch,
            (Self::Epoch(_), _) | (_, Self::Epoch(_)) => Self::Text,
            (Self::Dated(_, a), Self::Dated(_, b)) if a != b => Self::Text,
            (a @ Self::Dated(..), b) => a.retyped(a.column_type().join(b.column_type())),
            (a, b) => b.retyped(a.column_type().join(b.column_type())),
        }
    }

    /// The type that the schema shows.
    pub(super) fn column_type(self) -> ColumnType {
        match self {
            Self::Null => ColumnType::Null,
            Self::Bool => ColumnType::Bool,
            Self::Int => ColumnType::Int,
            Self::Decimal(scale) => ColumnType::Decimal { scale },
            Self::Epoch(unit) | Self::Time(unit) | Self::Dated(unit, _) => ColumnType::Time { unit },
            Self::Uuid => ColumnType::Uuid,
            Self::Text => ColumnType::Text,
        }
    }

    /// The kind of a column of that type whose times are written as in that form.
    pub(super) fn of_type(column_type: ColumnType, form: Form) -> Self {
        match column_type {
            ColumnType::Null => Self::Null,
            ColumnType::Bool => Self::Bool,
            ColumnType::Int => Self::Int,
            ColumnType::Decimal { scale } => Self::Decimal(scale),
            ColumnType::Time { unit } if form == EPOCH => Self::Epoch(unit),
            ColumnType::Time { unit } => match DateStyle::of(form) {
                DateStyle::Plain => Self::Time(unit),
                style => Self::Dated(unit, style),
            },
            ColumnType::Uuid => Self::Uuid,
            ColumnType::Text | ColumnType::Dates { .. } => Self::Text,
        }
    }

    /// The kind of a column of that type whose times are written as those of this one.
    pub(super) fn retyped(self, column_type: ColumnType) -> Self {
        match (self, column_type) {
            (Self::Epoch(_), ColumnType::Time { unit }) => Self::Epoch(unit),
            (Self::Dated(_, style), ColumnType::Time { unit }) => Self::Dated(unit, style),
            _ => Self::of_type(column_type, Form::default()),
        }
    }

    /// The kind of a cell in a column whose type the user fixed; `None` if it does not fit.
    pub(super) fn fixed(fixed: Fixed, cell: &[u8]) -> Option<Self> {
        let kind = if let Fixed::Time(style) = fixed { Self::in_style(style, cell) } else { Self::of(cell) };
        match (fixed, kind) {
            (_, Self::Null) => Some(Self::Null),
            (Fixed::Text, _) => Some(Self::Text),
            (Fixed::Decimal, Self::Int) => Some(Self::Decimal(0)),
            (Fixed::Time(_), Self::Int) => match epoch_unit(parse_int(cell)?) {
                Some(unit) => Some(Self::Epoch(unit)),
                None => Some(Self::in_style(DateStyle::Digits, cell)).filter(|kind| *kind != Self::Int),
            },
            _ => (kind.column_type().name() == fixed.name()).then_some(kind),
        }
    }
}

/// A type that the user fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fixed {
    /// True or false.
    Bool,
    /// Integers.
    Int,
    /// Integers and decimals.
    Decimal,
    /// Times, their dates in that style.
    Time(DateStyle),
    /// UUIDs.
    Uuid,
    /// Any text.
    Text,
}

impl Fixed {
    /// All of them, times in the plain style.
    pub const ALL: [Self; 6] = [Self::Int, Self::Decimal, Self::Time(DateStyle::Plain), Self::Bool, Self::Uuid, Self::Text];

    /// As options name it: the name of its [`ColumnType`].
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Decimal => "decimal",
            Self::Time(_) => "time",
            Self::Uuid => "uuid",
            Self::Text => "text",
        }
    }

    /// The narrowest column of it: whole numbers, seconds.
    pub fn narrowest(self) -> ColumnType {
        match self {
            Self::Bool => ColumnType::Bool,
            Self::Int => ColumnType::Int,
            Self::Decimal => ColumnType::Decimal { scale: 0 },
            Self::Time(_) => ColumnType::Time { unit: TimeUnit::Second },
            Self::Uuid => ColumnType::Uuid,
            Self::Text => ColumnType::Text,
        }
    }

    /// Whether a cell of UTF-8 fits, as [`Kind::fixed`] has it, told soon of those that are usual.
    pub(super) fn fits(self, cell: &[u8]) -> bool {
        let int = parse_int(cell);
        let is_usual = match self {
            Self::Text => true,
            Self::Int => int.is_some(),
            Self::Decimal => int.is_some() || parse_decimal(cell).is_some_and(|decimal| decimal.scale > 0),
            Self::Time(DateStyle::Plain) => match int {
                Some(int) => epoch_unit(int).is_some(),
                None => parse_decimal(cell).is_none() && parse_instant(cell).is_some(),
            },
            Self::Bool => parse_bool(cell).is_some(),
            Self::Uuid => parse_uuid(cell).is_some(),
            Self::Time(_) => false,
        };
        is_usual || Kind::fixed(self, cell).is_some()
    }

    /// The type called `name`.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fixed| fixed.name() == name)
    }
}

/// The unit in which an integer is an instant of the years 1990 to 2100.
pub(super) fn epoch_unit(value: i64) -> Option<TimeUnit> {
    const FROM: i64 = 631_152_000;
    const TO: i64 = 4_102_444_800;
    [TimeUnit::Second, TimeUnit::Milli, TimeUnit::Micro, TimeUnit::Nano].into_iter().find(|unit| {
        let scale = unit.per_second();
        (FROM * scale..TO.saturating_mul(scale)).contains(&value)
    })
}

/// Whether a column of integers is called like a time.
pub(super) fn sounds_like_time(name: &str) -> bool {
    let name = name.to_lowercase();
    ["time", "date"].iter().any(|word| name.contains(word)) || name == "ts" || name.ends_with("_ts") || name.ends_with("_at")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_a_cell_is() {
        for (cell, kind) in [
            ("", Kind::Null),
            ("NULL", Kind::Null),
            ("-3", Kind::Int),
            ("007", Kind::Text),
            ("98765432109876543210", Kind::Text),
            ("33.20", Kind::Decimal(2)),
            ("2014-12-06 02", Kind::Time(TimeUnit::Second)),
            ("2014-12-06 02:00:00.123456", Kind::Time(TimeUnit::Micro)),
            ("True", Kind::Bool),
            ("72d76fde-8bb3-4e00-8c23-a032dfed738c", Kind::Uuid),
            ("72D76FDE-8BB3-4E00-8C23-A032DFED738C", Kind::Text),
            ("{72d76fde-8bb3-4e00-8c23-a032dfed738}", Kind::Text),
            ("12345678-1234-1234-1234-123456789012", Kind::Uuid),
            ("view", Kind::Text),
        ] {
            assert_eq!(Kind::of(cell.as_bytes()), kind, "{cell:?}");
        }
    }

    #[test]
    fn joins_in_any_order() {
        let kinds = [
            Kind::Null,
            Kind::Bool,
            Kind::Int,
            Kind::Epoch(TimeUnit::Second),
            Kind::Decimal(1),
            Kind::Decimal(3),
            Kind::Time(TimeUnit::Second),
            Kind::Time(TimeUnit::Milli),
            Kind::Dated(TimeUnit::Second, DateStyle::Digits),
            Kind::Dated(TimeUnit::Second, DateStyle::DayFirst),
            Kind::Dated(TimeUnit::Micro, DateStyle::DayFirst),
            Kind::Uuid,
            Kind::Text,
        ];
        for a in kinds {
            assert_eq!(a.join(a), a);
            assert_eq!(a.join(Kind::Text), Kind::Text);
            for b in kinds {
                assert_eq!(a.join(b), b.join(a));
                // Rows that others read are joined by their types.
                let is_time = |kind: Kind| matches!(kind.column_type(), ColumnType::Time { .. });
                let are_both_times = is_time(a) && is_time(b);
                assert!(are_both_times || a.join(b).column_type() == a.column_type().join(b.column_type()), "{a:?} {b:?}");
                for c in kinds {
                    assert_eq!(a.join(b).join(c), a.join(b.join(c)));
                }
            }
        }
    }

    #[test]
    fn what_is_told_soon_of_a_cell_is_so() {
        let cells = "|NULL|0|12|-7|007|1.5|.5|1e3|99999999999999999999|1511539200|1511539200000|20171125|20171125.5|2017-11-25|2017-11-25 10:00:00|25/11/2017|\
                     11/25/2017 10:00|2017-11-25T10:00:00.123Z|true|False|1|72d76fde-8bb3-4e00-8c23-a032dfed738c|72d76fde8bb34e008c23a032dfed738c|view";
        let styles = [DateStyle::DayFirst, DateStyle::MonthFirst, DateStyle::Digits, DateStyle::Seconds].map(Fixed::Time);
        for fixed in Fixed::ALL.into_iter().chain(styles) {
            for cell in cells.split('|') {
                assert_eq!(fixed.fits(cell.as_bytes()), Kind::fixed(fixed, cell.as_bytes()).is_some(), "{fixed:?} {cell:?}");
            }
        }
    }

    #[test]
    fn a_fixed_uuid_is_one() {
        let uuid = "72d76fde-8bb3-4e00-8c23-a032dfed738c";
        for (name, cell, kind) in [
            ("uuid", uuid, Some(Kind::Uuid)),
            ("uuid", "", Some(Kind::Null)),
            ("uuid", &uuid.to_uppercase(), None),
            ("text", uuid, Some(Kind::Text)),
            ("int", uuid, None),
        ] {
            assert_eq!(Kind::fixed(Fixed::parse(name).unwrap(), cell.as_bytes()), kind, "{name} {cell:?}");
        }
    }

    #[test]
    fn tells_the_unit_of_an_epoch() {
        for (value, unit) in [
            (1_511_544_070, Some(TimeUnit::Second)),
            (1_659_304_800_025, Some(TimeUnit::Milli)),
            (1_659_304_800_025_000, Some(TimeUnit::Micro)),
            (1_659_304_800_025_000_000, Some(TimeUnit::Nano)),
            (0, None),
            (20_191_001, None),
        ] {
            assert_eq!(epoch_unit(value), unit, "{value}");
        }
    }
}
