//! Patterns of times, such as `%d/%m/%Y %H:%M`: those of C's `strptime`, as far as files use them.
//!
//! | written | reads |
//! |---|---|
//! | `%Y`, `%y` | a year of four digits; of two, 69 to 99 in the last century, others in this one |
//! | `%m`, `%b`, `%B` | a month as a number; by its English name, short or long |
//! | `%d`, `%e`, `%j` | a day of the month; of the year |
//! | `%H`, `%I`, `%p` | an hour from 0 to 23; from 1 to 12, with AM or PM |
//! | `%M`, `%S`, `%f` | minutes, seconds, and a fraction of one to nine digits |
//! | `%z`, `%Z` | a distance from Greenwich such as `+0800`; the names UTC and GMT, or Z |
//! | `%a`, `%A` | an English weekday, which is passed over |
//! | `%%`, a blank | a percent sign; blanks, one at least |

use super::zone::offset;
use crate::kernel::civil::{days_from_civil, days_in_month};
use crate::{Error, Result};

const MONTHS: [&str; 12] =
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// A pattern of times.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Field(char),
    Literal(char),
    Blanks,
}

/// What a text says of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Local {
    /// Seconds since 1970 by its own clock, and nanoseconds after that.
    pub(super) seconds: i64,
    pub(super) nanos: u32,
    /// How many digits the fraction has.
    pub(super) digits: u8,
    /// Seconds east of Greenwich, where it says so.
    pub(super) offset: Option<i64>,
}

#[derive(Default)]
struct Fields {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: i64,
    is_pm: Option<bool>,
    minute: i64,
    second: i64,
    nanos: u32,
    digits: u8,
    offset: Option<i64>,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` for a letter that is not known, and where no date follows from what is read.
    pub(super) fn parse(format: &str) -> Result<Self> {
        let wrong = |why: String| Error::bad_query(format!("the format {format:?} {why}")).at_column("format");
        let mut parts = vec![];
        let mut rest = format.chars();
        while let Some(c) = rest.next() {
            parts.push(match c {
                '%' => match rest.next() {
                    Some('%') => Part::Literal('%'),
                    Some('e') => Part::Field('d'),
                    Some('B') => Part::Field('b'),
                    Some('A') => Part::Field('a'),
                    Some(field) if "YymbdjHIpMSfzZa".contains(field) => Part::Field(field),
                    Some(other) => {
                        let known = "known are %Y %y %m %b %B %d %e %j %H %I %p %M %S %f %z %Z %a %A %%";
                        return Err(wrong(format!("has the unknown field %{other}; {known}")));
                    }
                    None => return Err(wrong("ends with %".to_owned())),
                },
                blank if blank.is_whitespace() => Part::Blanks,
                literal => Part::Literal(literal),
            });
        }
        let has = |field| parts.contains(&Part::Field(field));
        let has_day = has('j') || has('d') && (has('m') || has('b'));
        if !(has('Y') || has('y')) || !has_day {
            return Err(wrong("tells no date: it needs a year, a month and a day".to_owned()));
        }
        if has('I') != has('p') {
            return Err(wrong("has only one of %I and %p, which belong together".to_owned()));
        }
        Ok(Self { parts })
    }

    /// The time that a text writes; none where it is not written so.
    pub(super) fn read(&self, text: &str) -> Option<Local> {
        let mut fields = Fields::default();
        let mut rest = text.trim();
        for part in &self.parts {
            rest = match part {
                Part::Literal(c) => rest.strip_prefix(*c)?,
                Part::Blanks => match rest.trim_start() {
                    same if same.len() == rest.len() => return None,
                    behind => behind,
                },
                Part::Field(field) => fields.read(*field, rest)?,
            };
        }
        if rest.is_empty() { fields.local() } else { None }
    }
}

impl Fields {
    /// Reads a field from the start of a text; gives what is behind it.
    fn read<'a>(&mut self, field: char, text: &'a str) -> Option<&'a str> {
        let (value, rest) = match field {
            'Y' => number(text, 4, 4)?,
            'j' => number(text, 1, 3)?,
            'y' => number(text, 2, 2)?,
            'm' | 'd' | 'H' | 'I' | 'M' | 'S' => number(text, 1, 2)?,
            'f' => number(text, 1, 9)?,
            'b' => name(text, &MONTHS)?,
            'a' => name(text, &WEEKDAYS)?,
            'p' => name(text, &["am", "pm"])?,
            _ => return self.read_zone(text),
        };
        match field {
            'Y' => self.year = Some(value),
            'y' => self.year = Some(if value < 69 { 2000 + value } else { 1900 + value }),
            'm' => self.month = Some(value),
            'b' => self.month = Some(value + 1),
            'd' => self.day = Some(value),
            'j' => self.day_of_year = Some(value),
            'H' if value < 24 => self.hour = value,
            'I' if (1..=12).contains(&value) => self.hour = value % 12,
            'p' => self.is_pm = Some(value == 1),
            'M' if value < 60 => self.minute = value,
            'S' if value < 60 => self.second = value,
            'f' => {
                self.digits = (text.len() - rest.len()) as u8;
                self.nanos = value as u32 * 10u32.pow(9 - u32::from(self.digits));
            }
            'a' => {}
            _ => return None,
        }
        Some(rest)
    }

    fn read_zone<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        if let Some(at) = ["UTC", "GMT", "Z"].iter().find_map(|name| text.starts_with(name).then_some(name.len())) {
            self.offset = Some(0);
            return Some(&text[at..]);
        }
        let end = text.char_indices().skip(1).find(|(_, c)| !c.is_ascii_digit() && *c != ':').map_or(text.len(), |(at, _)| at);
        self.offset = Some(offset(&text[..end])?);
        Some(&text[end..])
    }

    fn local(&self) -> Option<Local> {
        let year = self.year.filter(|year| (1..=9_999).contains(year))? as i32;
        let days = match (self.day_of_year, self.month, self.day) {
            (_, Some(month), Some(day)) => {
                let month = u32::try_from(month).ok().filter(|month| (1..=12).contains(month))?;
                let day = u32::try_from(day).ok().filter(|day| *day >= 1 && *day <= days_in_month(year, month))?;
                days_from_civil(year, month, day)
            }
            (Some(day), ..) => {
                let n_days = 337 + i64::from(days_in_month(year, 2));
                days_from_civil(year, 1, 1) + Some(day).filter(|day| (1..=n_days).contains(day))? - 1
            }
            _ => return None,
        };
        let hour = self.hour + if self.is_pm == Some(true) { 12 } else { 0 };
        let seconds = days * 86_400 + hour * 3_600 + self.minute * 60 + self.second;
        Some(Local { seconds, nanos: self.nanos, digits: self.digits, offset: self.offset })
    }
}

/// The number of `least` to `most` digits that a text begins with, and what is behind it.
fn number(text: &str, least: usize, most: usize) -> Option<(i64, &str)> {
    let n = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let value = text[..n].parse().ok()?;
    (n >= least).then_some((value, &text[n..]))
}

/// Which of some names a text begins with, whole or its first three letters, in any case; and what is behind it.
fn name<'a>(text: &'a str, names: &[&str]) -> Option<(i64, &'a str)> {
    let begins = |name: &str| text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    let found = |(at, name): (usize, &&str)| {
        let short = &name[..name.len().min(3)];
        let length = [*name, short].into_iter().find(|name| begins(name))?.len();
        Some((at as i64, &text[length..]))
    };
    names.iter().enumerate().find_map(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::TimeUnit;
    use crate::kernel::instant::instant_text;

    #[test]
    fn reads_times_as_they_are_written() {
        for (format, text, expected) in [
            ("%d/%m/%Y %H:%M", "1/12/2010 8:26", Some("2010-12-01T08:26:00Z")),
            ("%d/%m/%Y %H:%M", "12/1/2010 8:26:00", None),
            ("%d/%m/%Y %H:%M", "32/01/2010 8:26", None),
            ("%d/%m/%Y %H:%M", "29/02/2011 8:26", None),
            ("%d/%m/%Y %H:%M", "29/02/2012 24:00", None),
            ("%m/%d/%y %I:%M %p", "02/29/12 12:05 am", Some("2012-02-29T00:05:00Z")),
            ("%m/%d/%y %I:%M %p", "02/28/69  1:05 PM", Some("1969-02-28T13:05:00Z")),
            ("%m/%d/%y %I:%M %p", "02/28/69 13:05 PM", None),
            ("%d-%b-%Y", "03-sep-2021", Some("2021-09-03T00:00:00Z")),
            ("%A, %B %e %Y", "Friday, September 3 2021", Some("2021-09-03T00:00:00Z")),
            ("%Y%m%d%H%M%S", "20210903101112", Some("2021-09-03T10:11:12Z")),
            ("%Y-%j", "2020-366", Some("2020-12-31T00:00:00Z")),
            ("%Y-%j", "2021-366", None),
            ("%Y-%m-%dT%H:%M:%S.%f", "2021-09-03T10:11:12.5", Some("2021-09-03T10:11:12Z")),
            ("%Y-%m-%d", "2021-09-03 ", Some("2021-09-03T00:00:00Z")),
            ("%Y-%m-%d", "", None),
            ("%Y-%m-%d", "é", None),
            ("%d %b %Y", "3 é 2021", None),
        ] {
            let read = Pattern::parse(format).unwrap().read(text);
            let got = read.map(|local| instant_text(local.seconds, TimeUnit::Second));
            assert_eq!(got.as_deref(), expected, "{text:?} as {format:?}");
        }
        let zoned = Pattern::parse("%d/%b/%Y:%H:%M:%S %z").unwrap();
        assert_eq!(zoned.read("10/Oct/2000:13:55:36 -0700").unwrap().offset, Some(-25_200));
        assert_eq!(zoned.read("10/Oct/2000:13:55:36 Z").unwrap().offset, Some(0));
        assert_eq!(zoned.read("10/Oct/2000:13:55:36 +9"), None);
        for format in ["%d/%m", "%Y-%m-%d %I", "%Y-%m-%d %Q", "%Y-%m-%d %", "%H:%M"] {
            assert!(Pattern::parse(format).is_err(), "{format:?}");
        }
    }
}
