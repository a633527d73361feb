//! Clocks of time zones, by name or by their distance from Greenwich.

use super::Zones;
use crate::event::TimeUnit;
use crate::kernel::bucket::Zone;
use crate::{Error, Result};

/// A clock.
#[derive(Clone, Debug)]
pub(super) enum Clock {
    Utc,
    /// So many seconds east of Greenwich.
    Fixed(i64),
    Zone(Zone),
}

impl Clock {
    /// The clock that a name or an offset such as `+08:00` stands for.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` when no such time zone is known.
    pub(super) fn of(name: &str, zones: &Zones) -> Result<Self> {
        if let Some(seconds) = offset(name) {
            return Ok(Self::Fixed(seconds));
        }
        match (name, zones.get(name)) {
            ("UTC" | "Z", _) => Ok(Self::Utc),
            (_, Some(zone)) => Ok(Self::Zone(zone.clone())),
            (_, None) => {
                let sentence = format!("unknown time zone {name:?}; write an IANA name such as \"Asia/Shanghai\", or \"+08:00\"");
                Err(Error::bad_query(sentence).at_column("timezone"))
            }
        }
    }

    /// Seconds east of Greenwich at a UTC second.
    pub(super) fn offset(&self, utc: i64) -> i64 {
        match self {
            Self::Utc => 0,
            Self::Fixed(seconds) => *seconds,
            Self::Zone(zone) => zone.offset(utc),
        }
    }

    /// The first UTC second at which the clock shows `local`.
    pub(super) fn utc(&self, local: i64) -> i64 {
        match self {
            Self::Utc => local,
            Self::Fixed(seconds) => local - seconds,
            Self::Zone(zone) => zone.utc(local),
        }
    }
}

/// The zones that must be looked up to know some names.
pub(super) fn names_to_look_up(names: Vec<String>) -> Vec<String> {
    names.into_iter().filter(|name| offset(name).is_none() && !matches!(name.as_str(), "UTC" | "Z")).collect()
}

/// Seconds east of Greenwich of `+08`, `+0800` or `+08:00`.
pub(super) fn offset(text: &str) -> Option<i64> {
    let (sign, digits) = match text.as_bytes() {
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits {
        [a, b] => ([a, b], [&b'0', &b'0']),
        [a, b, c, d] | [a, b, b':', c, d] => ([a, b], [c, d]),
        _ => return None,
    };
    let number = |[tens, ones]: [&u8; 2]| {
        (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 18 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// The coarsest unit with so many digits after the second.
pub(super) fn unit_of(digits: u8) -> TimeUnit {
    match digits {
        0 => TimeUnit::Second,
        1..=3 => TimeUnit::Milli,
        4..=6 => TimeUnit::Micro,
        _ => TimeUnit::Nano,
    }
}
