//! Times as logs write them, said as ISO 8601: the ordinary reading of times then types them.

use crate::event::TimeUnit;
use crate::kernel::civil::days_in_month;
use crate::kernel::instant::{InstantReader, parse_instant, write_instant};

const MONTHS: [&[u8; 3]; 12] = [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// Reads the times of lines that mostly share their date.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// The last date as the log wrote it, and in ISO 8601.
    clf: [u8; 11],
    iso: [u8; 10],
    reader: InstantReader,
}

impl Times {
    /// Writes `17/May/2015:10:05:03 +0000`; says whether it is such a time. A fraction is kept, a zone may be missing.
    #[inline]
    pub(super) fn write_clf(&mut self, text: &[u8], out: &mut Vec<u8>) -> bool {
        self.clf_parts(text, out).is_some()
    }

    fn clf_parts(&mut self, text: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let (date, rest) = text.split_first_chunk::<11>()?;
        if *date != self.clf {
            self.iso = iso_date(date)?;
            self.clf = *date;
        }
        let (time, rest) = rest.split_first_chunk::<9>()?;
        let is_time = (time[0], time[3], time[6]) == (b':', b':', b':')
            && two(&time[1..3])? < 24
            && two(&time[4..6])? < 60
            && two(&time[7..9])? < 60;
        if !is_time {
            return None;
        }
        let n_fraction = match rest {
            [b'.', digits @ ..] => 1 + digits.iter().take_while(|byte| byte.is_ascii_digit()).count(),
            _ => 0,
        };
        let (fraction, zone) = rest.split_at(n_fraction);
        if n_fraction == 1 || n_fraction > 10 {
            return None;
        }
        out.extend_from_slice(&self.iso);
        out.push(b'T');
        out.extend_from_slice(&time[1..]);
        out.extend_from_slice(fraction);
        match zone {
            [] => {}
            [b' ', sign @ (b'+' | b'-'), digits @ ..] if digits.len() == 4 => {
                if two(&digits[..2])? > 18 || two(&digits[2..])? > 59 {
                    return None;
                }
                out.extend_from_slice(&[*sign, digits[0], digits[1], b':', digits[2], digits[3]]);
            }
            _ => return None,
        }
        Some(())
    }

    /// Whether the text is a time as it stands.
    #[inline]
    pub(super) fn is_iso(&mut self, text: &[u8]) -> bool {
        self.reader.read(text).is_some()
    }

    /// Writes the time of a day in UTC; says whether it is one.
    #[inline]
    pub(super) fn write_of_day(&mut self, day: &[u8], time: &[u8], out: &mut Vec<u8>) -> bool {
        let from = out.len();
        out.extend_from_slice(day);
        out.push(b'T');
        out.extend_from_slice(time);
        out.push(b'Z');
        self.is_iso(&out[from..])
    }
}

/// Writes the instant of `1646861401.524`, seconds since 1970, to the millisecond; says whether it is one.
pub(super) fn write_seconds(text: &[u8], out: &mut Vec<u8>) -> bool {
    let point = memchr::memchr(b'.', text).unwrap_or(text.len());
    let (whole, part) = (&text[..point], text.get(point + 1..).unwrap_or_default());
    let is_number = (1..=11).contains(&whole.len()) && part.len() <= 9 && whole.iter().chain(part).all(u8::is_ascii_digit);
    let Some(form) = parse_instant(b"1970-01-01T00:00:00.000Z").map(|instant| instant.form).filter(|_| is_number) else {
        return false;
    };
    let digits = whole.iter().chain(part.iter().chain(b"000").take(3));
    let ms = digits.fold(0, |ms: i64, digit| ms * 10 + i64::from(digit - b'0'));
    write_instant(ms, TimeUnit::Milli, form, out);
    true
}

#[inline]
fn two(digits: &[u8]) -> Option<u32> {
    let (tens, ones) = (digits[0].wrapping_sub(b'0'), digits[1].wrapping_sub(b'0'));
    (tens <= 9 && ones <= 9).then(|| u32::from(tens) * 10 + u32::from(ones))
}

/// `2015-05-17` of `17/May/2015`.
fn iso_date(date: &[u8; 11]) -> Option<[u8; 10]> {
    if date[2] != b'/' || date[6] != b'/' {
        return None;
    }
    let month = MONTHS.iter().position(|month| date[3..6] == month[..])? as u32 + 1;
    let (day, year) = (two(&date[..2])?, two(&date[7..9])? * 100 + two(&date[9..])?);
    if year == 0 || day == 0 || day > days_in_month(year as i32, month) {
        return None;
    }
    let [tens, ones] = [b'0' + (month / 10) as u8, b'0' + (month % 10) as u8];
    Some([date[7], date[8], date[9], date[10], b'-', tens, ones, b'-', date[0], date[1]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_the_times_of_logs_in_iso_8601() {
        for (text, expected) in [
            ("17/May/2015:10:05:03 +0000", Some("2015-05-17T10:05:03+00:00")),
            ("29/Feb/2024:23:59:59 -0730", Some("2024-02-29T23:59:59-07:30")),
            ("09/Dec/2013:12:59:46.633", Some("2013-12-09T12:59:46.633")),
            ("29/Feb/2023:23:59:59 +0000", None),
            ("17/may/2015:10:05:03 +0000", None),
            ("17/May/2015:24:05:03 +0000", None),
            ("17/May/2015:10:05:03 +0", None),
            ("17/May/2015:10:05:03 +1900", None),
            ("17/May/2015:10:05:03.", None),
            ("17/May/2015:10:05:03+0000", None),
            ("17/May/2015", None),
            ("", None),
        ] {
            let mut out = vec![];
            let is_time = Times::default().write_clf(text.as_bytes(), &mut out);
            let written = is_time.then(|| String::from_utf8(out).unwrap());
            assert_eq!(written.as_deref(), expected, "{text:?}");
            assert!(written.is_none_or(|iso| parse_instant(iso.as_bytes()).is_some()), "{text:?}");
        }
    }

    #[test]
    fn says_seconds_since_1970_in_iso_8601() {
        for (text, expected) in [
            ("1646861401.524", Some("2022-03-09T21:30:01.524Z")),
            ("1646861401.5", Some("2022-03-09T21:30:01.500Z")),
            ("1646861401", Some("2022-03-09T21:30:01.000Z")),
            ("0.0009", Some("1970-01-01T00:00:00.000Z")),
            ("-1", None),
            (".5", None),
            ("1.2.3", None),
            ("123456789012", None),
        ] {
            let mut out = vec![];
            let is_time = write_seconds(text.as_bytes(), &mut out);
            assert_eq!(is_time.then(|| String::from_utf8(out).unwrap()).as_deref(), expected, "{text:?}");
        }
    }
}
